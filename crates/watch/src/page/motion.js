// From one step to the next, the page moves what has changed: tasks between their boxes, and a wake from
// its cause to the queue. An arrow stays until the next step, for readers that want no motion.

const MOVE = 320;
const wantsMotion = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Where the tasks that are drawn stand. */
function standingOf() {
  const standing = new Map();
  if (!wantsMotion()) return standing;
  for (const made of document.querySelectorAll("#place .chip")) {
    standing.set(made, made.getBoundingClientRect());
  }
  return standing;
}

/** Moves the tasks from where they stood. */
function moveFrom(standing) {
  for (const [made, from] of standing) {
    if (!made.isConnected) continue;
    const to = made.getBoundingClientRect();
    const [x, y] = [from.left - to.left, from.top - to.top];
    if (x === 0 && y === 0) continue;
    made.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: MOVE, easing: "ease-out" });
  }
}

const inPlace = (selector) => document.querySelector(`#place ${selector}`);

/** From which element to which a step acts, and how the arrow is drawn. */
function actionOf(event, before) {
  if (!event) return null;
  const [, word, number] = event;
  const task = () => inPlace(`.chip[data-task="${number}"]`);
  switch (word) {
    case "woken": {
      const causes = {
        task: () => inPlace(`.chip[data-task="${event[4]}"]`),
        source: () => inPlace(`.socket[data-source="${event[4]}"]`),
        timer: () => byId("timers").parentNode,
        thread: () => byId("remote"),
        executor: () => byId("thread"),
        budget: () => task(),
      };
      return { from: (causes[event[3]] ?? causes.executor)(), to: task(), kind: event[3] };
    }
    case "spawned":
      return { from: before.running === null ? byId("thread") : inPlace(`.chip[data-task="${before.running}"]`), to: task(), kind: "spawn" };
    case "waiting":
      return { from: task(), to: inPlace(`.socket[data-source="${event[3]}"] [data-way="${event[5]}"]`), kind: "leave" };
    case "joining":
      return { from: task(), to: inPlace(`.join[data-join="${event[3]}"]`), kind: "leave" };
    case "timerset":
      return { from: task(), to: inPlace(`.timer[data-timer="${number}"]`), kind: "leave" };
    case "os":
      return { from: byId("sockets").parentNode.querySelector("h3"), to: inPlace(`.socket[data-source="${event[3]}"]`), kind: "source" };
    default:
      return null;
  }
}

/** Draws the arrow of a step, and lets a dot run along it if `moves`. */
function drawAction(event, before, moves) {
  for (const marked of document.querySelectorAll("#place .cause, #place .effect")) marked.classList.remove("cause", "effect");
  const arrow = byId("arrow");
  const action = actionOf(event, before);
  byId("arrows").classList.toggle("shown", Boolean(action?.from && action.to));
  if (!action?.from || !action.to) return;
  for (const node of [action.from, action.to]) scrollInBox(node);
  action.from.classList.add("cause");
  action.to.classList.add("effect");
  const place = byId("place").getBoundingClientRect();
  const [from, to] = [action.from, action.to].map((node) => node.getBoundingClientRect());
  const [start, end] = ends(from, to, place);
  arrow.setAttribute("d", action.from === action.to ? loop(to, place) : `M${start.x} ${start.y}L${end.x} ${end.y}`);
  byId("arrows").dataset.kind = action.kind;
  const dot = byId("dot");
  dot.hidden = !moves || !wantsMotion();
  dot.dataset.kind = action.kind;
  if (dot.hidden) return;
  const at = ({ x, y }) => `translate(${x - 7}px, ${y - 7}px)`;
  const run = dot.animate([{ transform: at(start) }, { transform: at(end) }], { duration: MOVE + 130, easing: "ease-in-out" });
  run.onfinish = () => (dot.hidden = true);
}

/** Scrolls the box that an element stands in, and nothing else, so that it is seen. */
function scrollInBox(node) {
  const box = node.closest(".crowded ul, .crowded ol");
  if (!box || box.scrollHeight <= box.clientHeight) return;
  const [outer, inner] = [box.getBoundingClientRect(), node.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - outer.height / 3;
}

/** The points where a line between the middles of two boxes leaves the one and meets the other. */
function ends(from, to, place) {
  const middle = (box) => ({ x: box.left + Math.min(box.width / 2, 90), y: box.top + box.height / 2 });
  const [a, b] = [middle(from), middle(to)];
  const clip = (box, out, to) => {
    const [dx, dy] = [to.x - out.x, to.y - out.y];
    const room = { x: dx > 0 ? box.right - out.x : out.x - box.left, y: box.height / 2 };
    const share = Math.min(1, room.x / Math.abs(dx || 1e-9), room.y / Math.abs(dy || 1e-9));
    return { x: Math.round(out.x + dx * share - place.left), y: Math.round(out.y + dy * share - place.top) };
  };
  return [clip(from, a, b), clip(to, b, a)];
}

function loop(box, place) {
  const [x, y] = [Math.round(box.left - place.left + 30), Math.round(box.top - place.top)];
  return `M${x} ${y}c0 -22 30 -22 30 -2`;
}

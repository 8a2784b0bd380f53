// The executor as a place: boxes, in which tasks and wakers stand. A task is one element, which
// moves from box to box.

/** More than this in one box is said as a number. */
const MOST_IN_A_BOX = 120;

/** With more tasks than this, they are drawn small. */
const CROWD = 12;

const chips = new Map();

/** The element of a task. */
function chip(run, number) {
  let made = chips.get(number);
  if (!made) {
    made = element("li", { class: "chip", "data-task": number, style: `--hue:${hue(number)}` });
    made.append(element("button", { type: "button", "data-select": number }, element("b"), element("i")));
    chips.set(number, made);
  }
  const name = taskName(run, number);
  const button = made.firstChild;
  setText(button.children[0], name);
  const id = run.tasks.get(number)?.id ?? "";
  setText(button.children[1], id === name ? "" : id);
  button.title = name;
  return made;
}

/** Puts these elements into a box, in this order, and moves no more of them than it must. */
function fill(box, elements, hidden = 0) {
  let next = box.firstChild;
  for (const wanted of elements) {
    if (next === wanted) next = next.nextSibling;
    else box.insertBefore(wanted, next);
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
  if (hidden > 0) box.append(element("li", { class: "more" }, say("more", { count: grouped(hidden) })));
  else if (elements.length === 0) box.append(element("li", { class: "none" }, say("none")));
}

function fillTasks(run, id, numbers) {
  const shown = numbers.slice(0, MOST_IN_A_BOX).map((number) => chip(run, number));
  fill(byId(id), shown, numbers.length - shown.length);
}

/** A waker, where a task has left it. */
function wakerNode(run, number) {
  const label = sayText("waker", { task: taskName(run, number) });
  return element("button", { type: "button", class: "waker", "data-waker": number, "data-select": number, title: label, "aria-label": label, style: `--hue:${hue(number)}` }, "◖ ", taskName(run, number));
}

function renderThread(state, now) {
  const [word, until] = state.thread;
  byId("thread").dataset.thread = word;
  const key = word === "asleep" && until !== null ? "thread.until" : `thread.${word}`;
  const text = sayText(key, { time: human((until ?? 0) - now) });
  setText(byId("thread"), text);
}

/** What the OS has said of a socket last. It may be out of date: it says only what changes. */
const saidText = (bits) => (bits === null ? sayText("said.nothing") : sayText("said", { readiness: readinessText(bits) }));

function renderSockets(run, state) {
  const left = new Map();
  for (const [number, task] of Object.entries(state.tasks)) {
    for (const [kind, source, , way] of task[WAITS]) {
      if (kind !== "source") continue;
      const key = `${source} ${way}`;
      if (!left.has(key)) left.set(key, []);
      left.get(key).push(Number(number));
    }
  }
  const numbers = Object.keys(state.sources).map(Number);
  for (const key of left.keys()) {
    const number = Number(key.split(" ")[0]);
    if (!numbers.includes(number)) numbers.push(number);
  }
  const rows = numbers.slice(0, MOST_IN_A_BOX).map((number) => {
    const row = element("li", { class: "socket", "data-source": number });
    row.append(element("span", { class: "label", title: sourceName(run, number) }, sourceName(run, number)));
    row.append(element("span", { class: "readiness" }, saidText(state.sources[number] ?? null)));
    for (const way of left.has(`${number} either`) ? ["either"] : ["read", "write"]) {
      const wakers = (left.get(`${number} ${way}`) ?? []).map((task) => wakerNode(run, task));
      row.append(element("span", { class: "way", "data-way": way }, element("small", {}, say(way)), ...wakers));
    }
    return row;
  });
  fill(byId("sockets"), rows, numbers.length - rows.length);
}

function renderTimers(run, state, now) {
  const timers = [];
  for (const [number, task] of Object.entries(state.tasks)) {
    for (const [kind, deadline] of task[WAITS]) if (kind === "timer") timers.push([deadline, Number(number)]);
  }
  timers.sort((a, b) => (a[0] ?? Infinity) - (b[0] ?? Infinity) || a[1] - b[1]);
  const rows = timers.slice(0, MOST_IN_A_BOX).map(([deadline, number]) => {
    const row = element("li", { class: "timer", "data-timer": number, "data-deadline": deadline ?? "never" });
    let text = sayText("timer.never");
    if (deadline !== null) text = deadline > now ? sayText("timer.in", { time: human(deadline - now) }) : sayText("timer.due");
    row.append(element("span", { class: "label" }, text), wakerNode(run, number));
    return row;
  });
  fill(byId("timers"), rows, timers.length - rows.length);
}

/** Of which tasks which others await the end. */
function renderJoins(run, state) {
  const left = new Map();
  for (const [number, task] of Object.entries(state.tasks)) {
    for (const [kind, other] of task[WAITS]) {
      if (kind !== "join") continue;
      if (!left.has(other)) left.set(other, []);
      left.get(other).push(Number(number));
    }
  }
  const numbers = [...left.keys()].sort((a, b) => a - b);
  const rows = numbers.slice(0, MOST_IN_A_BOX).map((other) => {
    const row = element("li", { class: "join", "data-join": other });
    row.append(element("span", { class: "label" }, say("joins.of", { task: taskNode(run, other) })));
    row.append(...left.get(other).map((number) => wakerNode(run, number)));
    return row;
  });
  byId("joins").parentNode.hidden = !run.hasJoins && numbers.length === 0;
  fill(byId("joins"), rows, numbers.length - rows.length);
}

/** Draws the state after a step. */
function renderPlace(run, state, event, matches, selected) {
  const now = event?.[WHEN] ?? 0;
  const of = (status) => Object.keys(state.tasks).map(Number).filter((number) => state.tasks[number][STATUS] === status);
  byId("place").classList.toggle("crowded", Object.keys(state.tasks).length - state.ended.length > CROWD);
  renderThread(state, now);
  const remote = byId("remote");
  const fromThread = event?.[WORD] === "woken" && event[3] === "thread";
  remote.replaceChildren(fromThread ? say("remote.taken", { task: taskNode(run, event[TASK]) }) : say("none"));
  fillTasks(run, "queue", state.queue.filter((number) => number !== state.running));
  fillTasks(run, "polled", state.running === null ? [] : [state.running]);
  fillTasks(run, "waiting", of("waiting"));
  fillTasks(run, "ended", [...state.ended].reverse());
  const unknown = of("unknown");
  byId("unknown").parentNode.hidden = unknown.length === 0;
  fillTasks(run, "unknown", unknown);
  renderSockets(run, state);
  renderTimers(run, state, now);
  renderJoins(run, state);
  for (const [number, made] of chips) {
    const task = state.tasks[number];
    if (!task) {
      if (!run.tasks.has(number)) chips.delete(number);
      continue;
    }
    made.dataset.status = task[STATUS];
    made.classList.toggle("again", number === state.running && state.queue.includes(number));
    made.classList.toggle("dimmed", !matches(number));
    made.firstChild.setAttribute("aria-pressed", String(number === selected));
    made.firstChild.setAttribute("aria-label", `${taskName(run, number)}: ${sayText(`status.${task[STATUS]}`)}`);
  }
}

/** What of the place can be read from the page alone: tests compare it with the model. */
function pictureOf() {
  const numbers = (id) => [...byId(id).querySelectorAll(".chip")].map((it) => Number(it.dataset.task));
  const sources = {};
  for (const row of byId("sockets").querySelectorAll(".socket")) {
    const wakers = (way) => [...row.querySelectorAll(`[data-way=${way}] .waker`)].map((it) => Number(it.dataset.waker));
    sources[row.dataset.source] = { read: [...wakers("read"), ...wakers("either")], write: wakers("write") };
  }
  const timers = [...byId("timers").querySelectorAll(".timer")].map((it) => [Number(it.dataset.timer), it.dataset.deadline]);
  const joins = {};
  for (const row of byId("joins").querySelectorAll(".join")) {
    joins[row.dataset.join] = [...row.querySelectorAll(".waker")].map((it) => Number(it.dataset.waker));
  }
  const again = byId("polled").querySelector(".again") !== null;
  return {
    thread: byId("thread").dataset.thread,
    polled: numbers("polled"),
    again,
    queue: numbers("queue"),
    waiting: numbers("waiting"),
    ended: numbers("ended"),
    unknown: byId("unknown").parentNode.hidden ? [] : numbers("unknown"),
    sources,
    timers,
    joins,
  };
}

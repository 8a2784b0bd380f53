// The table of tasks, the warnings, the source, and the steps around this one.

const MOST_ROWS_OF_TABLE = 200;
const COLUMNS = ["task", "state", "polls", "busy", "waits", "since", "place"];

class Table {
  constructor() {
    this.sortBy = "task";
    this.rows = new Map();
    document.querySelector("#tasks thead").addEventListener("click", (event) => {
      const column = event.target.closest("[data-column]")?.dataset.column;
      if (!column) return;
      this.sortBy = column;
      this.again?.();
    });
  }

  titles() {
    const cells = COLUMNS.map((column) => {
      const label = sayText("table.sort", { column: sayText(`table.${column}`) });
      const button = element("button", { type: "button", "data-column": column, title: label }, say(`table.${column}`));
      return element("th", { scope: "col", "aria-sort": column === this.sortBy ? "ascending" : "none" }, button);
    });
    document.querySelector("#tasks thead tr").replaceChildren(...cells);
  }

  render(run, state, now, matches) {
    this.again = () => {
      this.titles();
      this.render(run, state, now, matches);
    };
    if (!byId("tasks").open) return;
    const order = { queued: 1, polled: 0, waiting: 2, unknown: 3 };
    const keys = {
      task: ([number]) => number,
      state: ([, task]) => order[task[STATUS]] ?? 4,
      polls: ([, task]) => -task[POLLS],
      busy: ([, task]) => -task[BUSY],
      waits: ([, task]) => (task[WAITS].length > 0 ? 0 : 1),
      since: ([, task]) => task[SINCE],
      place: ([number]) => number,
    };
    const key = keys[this.sortBy];
    const tasks = Object.entries(state.tasks).map(([number, task]) => [Number(number), task]);
    const living = tasks.filter(([number, task]) => !hasEnded(task) && matches(number));
    living.sort((a, b) => key(a) - key(b) || a[0] - b[0]);
    const shown = living.slice(0, MOST_ROWS_OF_TABLE);
    const rows = shown.map(([number, task]) => this.row(run, number, task, now));
    document.querySelector("#tasks tbody").replaceChildren(...rows);
    const more = living.length - shown.length;
    byId("tasks-more").replaceChildren(more > 0 ? say("more", { count: grouped(more) }) : "");
  }

  row(run, number, task, now) {
    let row = this.rows.get(number);
    if (!row) {
      const cells = COLUMNS.map((column) => element("td", { class: column }));
      row = element("tr", { "data-row": number }, ...cells);
      row.firstChild.append(element("button", { type: "button", class: "task", "data-select": number, style: `--hue:${hue(number)}` }));
      if (this.rows.size > 4 * MOST_ROWS_OF_TABLE) this.rows.clear();
      this.rows.set(number, row);
    }
    const info = run.tasks.get(number);
    const waits = task[WAITS].map((wait) => `${waitText(run, wait, now)} (${shortPlace(run, wait[PLACE])})`);
    const busy = task[BUSY] + (task[STATUS] === "polled" ? Math.max(0, now - task[SINCE]) : 0);
    setText(row.children[0].firstChild, taskName(run, number));
    setText(row.children[1], sayText(`status.${task[STATUS]}`));
    setText(row.children[2], grouped(task[POLLS]));
    setText(row.children[3], human(busy));
    setText(row.children[4], waits.join(", "));
    setText(row.children[5], human(Math.max(0, now - task[SINCE])));
    setText(row.children[6], info?.file === undefined ? "" : placeOf(info));
    return row;
  }
}

/** The warnings that the executor gave, and those that the state gives away. */
function renderWarnings(run, state) {
  const lines = state.warnings.map(([number, , word, nanos]) =>
    say(`warned.${word}`, { task: taskNode(run, number), time: human(nanos ?? 0) }));
  for (const [number, task] of Object.entries(state.tasks)) {
    const waits = task[WAITS];
    if (task[STATUS] === "waiting" && waits.length > 0 && waits.every(([kind, on]) => kind === "timer" && on === null)) {
      if (lines.length < 2 * WARNINGS) lines.push(say("warned.never", { task: taskNode(run, Number(number)) }));
    }
  }
  byId("warnings").hidden = lines.length === 0;
  byId("warnings").replaceChildren(...lines.map((line) => element("li", {}, "⚠ ", line)));
}

/** What a task waits for. */
function waitText(run, [kind, on, , way], now) {
  if (kind === "source") return `${sourceName(run, on)}: ${sayText(way)}`;
  if (kind === "join") return sayText("table.join", { task: taskName(run, on) });
  return sayText("table.timer", { time: on === null ? sayText("timer.never") : human(Math.max(0, on - now)) });
}

/** The call with which a wait began, without its folders. */
function shortPlace(run, number) {
  const place = run.places.get(number);
  return place ? `${place.file.split(/[/\\]/).pop()}:${place.line}` : "";
}

/** Where a task was spawned, or a wait began. A file may be named by a way up and down: `tests/../examples/a.rs`. */
function placeOf(task) {
  const parts = [];
  for (const part of task.file.split(/[/\\]/)) {
    if (part === ".." && parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
    else parts.push(part);
  }
  return `${parts.join("/")}:${task.line}`;
}

/** The source around the place where a task was spawned, and around the calls with which its waits began. */
function renderSource(run, state, number) {
  const box = byId("excerpt");
  const waits = number === null ? [] : (state.tasks[number]?.[WAITS] ?? []);
  const places = [...new Set(waits.map((wait) => wait[PLACE]))].filter((place) => run.places.has(place));
  const key = `${number} ${language} ${places.join(" ")}`;
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  if (number === null) return box.replaceChildren(element("p", {}, say("why.select")));
  const marks = [spawnMark(run, number), ...places.map((place) => waitMark(run, number, place))];
  box.replaceChildren(...marks.map((mark) => mark.words), ...excerpts(run, marks));
}

/** A place that is shown: its file and line, the sign at the line, and what is said of it. */
function spawnMark(run, number) {
  const task = run.tasks.get(number);
  if (task?.file === undefined) return { words: element("p", {}, say(task?.root ? "source.root" : "source.unknown")) };
  return markOf(run, task, "▸", task.root ? "source.root.at" : "source.spawned", number);
}

const waitMark = (run, number, place) => markOf(run, run.places.get(place), "◖", "source.waits", number);

function markOf(run, { file, line }, sign, key, number) {
  const place = element("code", {}, placeOf({ file, line }));
  const words = element("p", {}, `${sign} `, say(key, { task: taskNode(run, number), place }));
  const lines = run.files[`${file}:${line}`];
  if (!lines) words.append(" ", say("source.none", { place: place.cloneNode(true) }));
  return { words, file, line, sign, lines };
}

/** The lines around the places. One that is among the lines of another is marked there. */
function excerpts(run, marks) {
  const shown = [];
  for (const mark of marks.filter((mark) => mark.lines)) {
    const [first, lines] = mark.lines;
    const has = (other) => other.file === mark.file && mark.line >= other.first && mark.line < other.first + other.lines.length - 1;
    const among = shown.find(has);
    if (among) among.marks.push(mark);
    else shown.push({ file: mark.file, first, lines, marks: [mark] });
  }
  return shown.map(({ file, first, lines, marks: here }) => {
    const depth = Math.min(...lines.filter((text) => text.trim() !== "").map((text) => text.search(/\S/)));
    const rows = lines.map((text, index) => {
      const signs = here.filter((mark) => mark.line === first + index).map((mark) => mark.sign).join("");
      return element("span", signs ? { class: "here", "aria-current": "true" } : {}, element("small", {}, signs.padEnd(2), String(first + index).padStart(4)), ` ${text.slice(depth)}`);
    });
    return element("pre", { tabindex: "0", "aria-label": file }, ...rows);
  });
}

/** The sentences of the steps before and after this one. */
function renderStory(run, step) {
  const items = [];
  const from = Math.max(run.first + 1, step - 3);
  for (let number = from; number <= Math.min(run.last, from + 7); number += 1) {
    const words = sentence(run, run.at(number - 1), run.step(number));
    const item = element("li", number === step ? { "aria-current": "step" } : {}, element("a", { href: `#step=${number}` }, String(number)), " ", element("span", {}, words));
    items.push(item);
  }
  byId("steps").replaceChildren(...items);
}

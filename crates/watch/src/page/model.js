// The model: what the executor's state is after each step. It is the twin of `replay/state.rs`;
// tests compare the two at every step of several runs.

const ENDED = 12;
const WARNINGS = 8;
const MOST_UNKNOWN = 4096;
const RECENT = 24;
// The fields of a task.
const STATUS = 0, SINCE = 1, POLLS = 2, BUSY = 3, WAITS = 4;
// The fields of a wait: "source", "timer" or "join"; the socket, the deadline or the other task; the call.
const KIND = 0, ON = 1, PLACE = 2, WAY = 3;
// The fields of a step; what follows depends on the word.
const WHEN = 0, WORD = 1, TASK = 2;

const hasEnded = (task) => ["returned", "finished", "aborted", "panicked"].includes(task[STATUS]);

function copyState(state) {
  const tasks = {};
  for (const [number, task] of Object.entries(state.tasks)) {
    tasks[number] = task.slice();
    tasks[number][WAITS] = task[WAITS].slice();
  }
  return {
    thread: state.thread,
    running: state.running,
    queue: state.queue.slice(),
    tasks,
    ended: state.ended.slice(),
    sources: { ...state.sources },
    warnings: state.warnings.slice(),
  };
}

/** Applies one step. */
function apply(state, step) {
  const when = step[WHEN];
  switch (step[WORD]) {
    case "parked":
      endUnendedPoll(state, when);
      state.thread = ["asleep", step[3] === null ? null : when + step[3]];
      return;
    case "gap":
      if (step[4]) Object.assign(state, copyState(step[4]));
      else forget(state, when);
      return;
  }
  state.thread = ["awake"];
  switch (step[WORD]) {
    case "registered":
      state.sources[step[3]] = null;
      break;
    case "deregistered":
      delete state.sources[step[3]];
      for (const task of Object.values(state.tasks)) {
        if (task[WAITS].length > 0) task[WAITS] = task[WAITS].filter((wait) => wait[KIND] !== "source" || wait[ON] !== step[3]);
      }
      break;
    case "os":
      report(state, step[3], step[4]);
      break;
    default:
      if (step[TASK] >= 0) applyTo(state, step[TASK], step, when);
  }
}

function applyTo(state, number, step, when) {
  switch (step[WORD]) {
    case "spawned":
      state.tasks[number] = ["queued", when, 0, 0, []];
      enqueue(state, number);
      break;
    case "poll":
      startPoll(state, number, when);
      break;
    case "ready":
    case "pending":
      endPoll(state, number, step[WORD] === "ready", when);
      break;
    case "waiting":
      addWait(state, number, ["source", step[3], step[4], step[5]], when);
      break;
    case "waitended":
      endWait(state, number, "source", step[3], step[4]);
      break;
    case "joining":
      addWait(state, number, ["join", step[3], step[4]], when);
      break;
    case "joinended":
      endWait(state, number, "join", step[3]);
      break;
    case "timerset":
      addWait(state, number, ["timer", step[3], step[4]], when);
      break;
    case "timerdropped":
      endWait(state, number, "timer", step[3]);
      break;
    case "timerfired":
      takeTimer(taskOf(state, number, "waiting", when));
      break;
    case "woken":
      wake(state, number, step, when);
      break;
    case "finished":
    case "aborted":
    case "panicked":
      end(state, number, step[WORD], when);
      break;
    case "warned":
      if (state.warnings.length === WARNINGS) state.warnings.shift();
      state.warnings.push([number, when, ...step.slice(3)]);
      break;
  }
}

/** A task, which has this status if it was not known. */
function taskOf(state, number, status, when) {
  return (state.tasks[number] ??= [status, when, 0, 0, []]);
}

function enqueue(state, number) {
  if (!state.queue.includes(number)) state.queue.push(number);
}

function remove(list, item) {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}

function setStatus(task, status, when) {
  task[STATUS] = status;
  task[SINCE] = when;
}

function startPoll(state, number, when) {
  endUnendedPoll(state, when);
  remove(state.queue, number);
  remove(state.ended, number);
  const task = taskOf(state, number, "queued", when);
  setStatus(task, "polled", when);
  task[POLLS] += 1;
  state.running = number;
}

function stopPoll(task, status, when) {
  if (task[STATUS] === "polled") task[BUSY] += Math.max(0, when - task[SINCE]);
  setStatus(task, status, when);
}

function endPoll(state, number, ready, when) {
  state.running = null;
  const task = taskOf(state, number, "polled", when);
  if (ready) {
    stopPoll(task, "returned", when);
    retire(state, number);
  } else {
    stopPoll(task, state.queue.includes(number) ? "queued" : "waiting", when);
  }
}

function endUnendedPoll(state, when) {
  if (state.running !== null) end(state, state.running, "panicked", when);
}

/**
 * The OS has reported a socket. The reactor calls every waker there. A task that is ready already is not woken
 * by that: for the others, the next event says so.
 */
function report(state, source, bits) {
  state.sources[source] = bits;
  const isOver = (wait) => wait[KIND] === "source" && wait[ON] === source && isReady(bits, wait[WAY]);
  for (const number of [...state.queue, state.running]) {
    const task = state.tasks[number];
    if (task?.[WAITS].some(isOver)) task[WAITS] = task[WAITS].filter((wait) => !isOver(wait));
  }
}

/** Says whether a socket may be ready for a direction. */
const isReady = (bits, way) => way === "either" || (bits & (way === "read" ? 1 : 2)) !== 0;

/** Two timers of one deadline are two waits. */
function addWait(state, number, wait, when) {
  const waits = taskOf(state, number, "polled", when)[WAITS];
  const isSame = (other) => other[KIND] === wait[KIND] && other[ON] === wait[ON] && other[WAY] === wait[WAY];
  if (wait[KIND] === "timer" || !waits.some(isSame)) waits.push(wait);
}

/** One wait is over. */
function endWait(state, number, kind, on, way) {
  const waits = state.tasks[number]?.[WAITS] ?? [];
  const index = waits.findIndex((wait) => wait[KIND] === kind && wait[ON] === on && wait[WAY] === way);
  if (index >= 0) waits.splice(index, 1);
}

/** A timer fires: the earliest. */
function takeTimer(task) {
  const timers = task[WAITS].filter((wait) => wait[KIND] === "timer");
  if (timers.length === 0) return;
  const time = (wait) => wait[ON] ?? Infinity;
  remove(task[WAITS], timers.reduce((a, b) => (time(b) < time(a) ? b : a)));
}

function wake(state, number, step, when) {
  const task = taskOf(state, number, "waiting", when);
  if (hasEnded(task)) return;
  if (step[3] === "source") {
    const isIt = (wait) => wait[KIND] === "source" && wait[ON] === step[4] && wait[WAY] === step[5];
    task[WAITS] = task[WAITS].filter((wait) => !isIt(wait));
  }
  if (task[STATUS] !== "polled") setStatus(task, "queued", when);
  enqueue(state, number);
}

function end(state, number, status, when) {
  if (state.running === number) state.running = null;
  stopPoll(taskOf(state, number, "queued", when), status, when);
  retire(state, number);
}

/** A task has ended: it is in no queue, and its waker is nowhere. */
function retire(state, number) {
  remove(state.queue, number);
  state.tasks[number][WAITS] = [];
  if (state.ended.includes(number)) return;
  state.ended.push(number);
  if (state.ended.length > ENDED) delete state.tasks[state.ended.shift()];
}

/** Events are missing: of the tasks it is only known that they were alive before. */
function forget(state, when) {
  if (Object.keys(state.tasks).length > MOST_UNKNOWN) {
    for (const [number, task] of Object.entries(state.tasks)) if (task[STATUS] === "unknown") delete state.tasks[number];
  }
  state.thread = ["unknown"];
  state.running = null;
  state.queue = [];
  for (const task of Object.values(state.tasks)) {
    if (hasEnded(task)) continue;
    setStatus(task, "unknown", when);
    task[WAITS] = [];
  }
}

/** A run: its steps, and the state after each of them. */
class Run {
  constructor(data) {
    this.tasks = new Map();
    this.sources = new Map();
    this.places = new Map();
    /** A task has awaited the end of another. */
    this.hasJoins = false;
    this.events = [];
    this.marks = [];
    this.files = data.files;
    this.missing = data.missing;
    /** The number of the step before the first one that is held. */
    this.first = data.first;
    this.checkpoints = [{ step: this.first, state: data.base }];
    this.recent = [];
    this.latest = { step: this.first, state: copyState(data.base) };
    this.cursor = { step: this.first, state: copyState(data.base) };
    this.append(data);
  }

  /** The number of the latest step. */
  get last() {
    return this.first + this.events.length;
  }

  /** The step of this number; none is before the first. */
  step(number) {
    return this.events[number - this.first - 1];
  }

  /** What more has happened. */
  append(data) {
    for (const task of data.tasks) this.tasks.set(task.n, task);
    for (const source of data.sources) this.sources.set(source.n, source);
    for (const place of data.places) this.places.set(place.n, place);
    this.marks.push(...data.marks);
    Object.assign(this.files, data.files);
    for (const event of data.events) {
      this.events.push(event);
      this.hasJoins ||= event[WORD] === "joining";
      apply(this.latest.state, event);
      this.latest.step += 1;
      this.keep(this.latest);
    }
  }

  keep({ step, state }) {
    const before = this.checkpoints[this.checkpoints.length - 1];
    if (step - before.step >= 64 + 4 * Object.keys(state.tasks).length) {
      this.checkpoints.push({ step, state: copyState(state) });
    }
  }

  /** The state after a step. It is good until the next call. */
  at(number) {
    const { cursor } = this;
    const from = this.nearest(number);
    if (cursor.step > number || cursor.step < from.step) {
      cursor.step = from.step;
      cursor.state = copyState(from.state);
    }
    while (cursor.step < number) {
      cursor.step += 1;
      apply(cursor.state, this.step(cursor.step));
    }
    this.remember(cursor);
    return cursor.state;
  }

  /** The latest state that is held and not after this step. */
  nearest(number) {
    let [low, high] = [0, this.checkpoints.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.checkpoints[middle].step <= number) low = middle;
      else high = middle;
    }
    let from = this.checkpoints[low];
    for (const recent of this.recent) if (recent.step <= number && recent.step > from.step) from = recent;
    return from;
  }

  /** Holds the states that were asked for last: a step back asks for most of them again. */
  remember({ step, state }) {
    if (this.recent.some((recent) => recent.step === step) || Object.keys(state.tasks).length > 1000) return;
    this.recent.push({ step, state: copyState(state) });
    if (this.recent.length > RECENT) this.recent.shift();
  }

  /** Lets the oldest steps go, so that no more than this many are left. */
  forgetAllBut(count) {
    const first = this.last - count;
    if (first <= this.first) return;
    const state = copyState(this.at(first));
    this.missing += first - this.first;
    this.events.splice(0, first - this.first);
    this.first = first;
    this.recent = [];
    this.checkpoints = [{ step: first, state }, ...this.checkpoints.filter((it) => it.step > first)];
    this.marks = this.marks.filter(([step]) => step > first);
    this.forgetNames(state);
  }

  forgetNames(state) {
    const tasks = new Set(Object.keys(state.tasks).map(Number));
    for (const task of Object.values(state.tasks)) for (const wait of task[WAITS]) if (wait[KIND] === "join") tasks.add(wait[ON]);
    const sources = new Set(Object.keys(state.sources).map(Number));
    for (const event of this.events) {
      tasks.add(event[TASK]);
      if (event[WORD] === "woken" && event[3] === "task") tasks.add(event[4]);
      if (["joining", "joinended"].includes(event[WORD])) tasks.add(event[3]);
      if (event[WORD] === "woken" && event[3] === "source") sources.add(event[4]);
      if (["registered", "deregistered", "waiting", "waitended", "os"].includes(event[WORD])) sources.add(event[3]);
      if (event[WORD] === "gap" && event[4]) {
        for (const number of Object.keys(event[4].tasks)) tasks.add(Number(number));
        for (const number of Object.keys(event[4].sources)) sources.add(Number(number));
      }
    }
    for (const number of this.tasks.keys()) if (!tasks.has(number)) this.tasks.delete(number);
    for (const number of this.sources.keys()) if (!sources.has(number)) this.sources.delete(number);
  }

  /** The nearest step in a direction for which `is` holds, or undefined. */
  find(from, direction, is) {
    for (let step = from + direction; step > this.first && step <= this.last; step += direction) {
      if (is(this.step(step))) return step;
    }
    return undefined;
  }
}

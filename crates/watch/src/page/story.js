// The story: what each step says, and why a task is where it is.

/** What a task is called: its name, or the place where it was spawned. */
function taskName(run, number) {
  const task = run.tasks.get(number);
  if (!task) return `task #${number}`;
  if (task.name !== null) return task.name;
  if (task.file === undefined) return task.id;
  return `${task.id}, ${task.file.split(/[/\\]/).pop()}:${task.line}`;
}

function sourceName(run, number) {
  const source = run.sources.get(number);
  if (!source) return `socket #${number}`;
  return source.label === null ? source.id : `${source.id} (${source.label})`;
}

/** A task in a sentence: press it to select it. */
function taskNode(run, number) {
  const name = taskName(run, number);
  return element("button", { type: "button", class: "task", "data-select": number, style: `--hue:${hue(number)}` }, name);
}

const sourceNode = (run, number) => element("span", { class: "source", title: sourceName(run, number) }, sourceName(run, number));

const hue = (number) => Math.round((number * 137.5 + 210) % 360);

/** A step in a sentence, as a link. */
const stepNode = (number) => element("a", { href: `#step=${number}` }, sayText("step", { n: number }));

function readinessText(bits) {
  const words = ["ready.none", "ready.read", "ready.write", "ready.both"];
  const readiness = sayText(words[bits & 3]);
  return bits & 4 ? sayText("ready.closed", { readiness }) : readiness;
}

/** By what a task is woken. */
function causeNode(run, event) {
  switch (event[3]) {
    case "task":
      return event[4] === event[TASK] ? say("cause.itself") : say("cause.task", { by: taskNode(run, event[4]) });
    case "source":
      return say("cause.source", { source: sourceNode(run, event[4]) });
    default:
      return say(`cause.${event[3]}`);
  }
}

/** Whether a task waits for what the OS has just said of a socket. */
function isWaitedFor(state, source, bits) {
  const isIt = ([kind, of, , way]) => kind === "source" && of === source && isReady(bits, way);
  return Object.values(state.tasks).some((task) => task[WAITS].some(isIt));
}

/** The key of a step's sentence, and the values in it. `before` is the state before the step. */
function sentenceOf(run, before, event) {
  const [when, word, number] = event;
  const task = number >= 0 ? taskNode(run, number) : null;
  const behind = before.queue[before.queue.length - 1];
  const where = () => {
    if (before.queue.includes(number)) return "";
    return behind === undefined ? say("alone") : say("behind", { other: taskNode(run, behind) });
  };
  const socket = () => sourceNode(run, event[3]);
  switch (word) {
    case "spawned":
      return before.running === null
        ? ["spawned.outside", { task, where: where() }]
        : ["spawned", { by: taskNode(run, before.running), task, where: where() }];
    case "poll":
      if (before.queue[0] === number) return ["poll", { task }];
      return [run.tasks.get(number)?.root && !before.tasks[number] ? "poll.root" : "poll.other", { task }];
    case "pending":
      return [before.queue.includes(number) ? "pending.woken" : "pending", { task }];
    case "registered":
      return [task ? "registered" : "registered.outside", { task, source: socket() }];
    case "deregistered":
      return ["deregistered", { source: socket() }];
    case "waiting":
      return [task ? `waiting.${event[5]}` : "waiting.outside", { task, source: socket() }];
    case "waitended":
      return [task ? `waitended.${event[4]}` : "waitended.outside", { task, source: socket() }];
    case "joining":
      return ["joining", { task, other: taskNode(run, event[3]) }];
    case "joinended":
      return [hasEnded(before.tasks[event[3]] ?? [""]) ? "joinended" : "joinended.early", { task, other: taskNode(run, event[3]) }];
    case "woken": {
      const values = { task, where: where() };
      if (event[3] === "source") values.source = sourceNode(run, event[4]);
      if (event[3] === "task") values.by = taskNode(run, event[4]);
      return [event[3] === "task" && event[4] === number ? "woken.itself" : `woken.${event[3]}`, values];
    }
    case "parked":
      if (event[3] === null) return ["parked", {}];
      return event[3] === 0 ? ["parked.look", {}] : ["parked.until", { time: human(event[3]) }];
    case "os": {
      const values = { source: socket(), readiness: readinessText(event[4]) };
      return [isWaitedFor(before, event[3], event[4]) ? "os" : "os.unawaited", values];
    }
    case "timerset":
      return event[3] === null ? ["timerset.never", { task }] : ["timerset", { task, time: human(event[3] - when) }];
    case "timerdropped":
      return event[3] === null ? ["timerdropped.never", { task }] : ["timerdropped", { task, time: human(event[3] - when) }];
    case "warned":
      return [`warned.${event[3]}`, { task, time: human(event[4] ?? 0) }];
    case "gap":
      return ["gap", { count: grouped(event[3]) }];
    default:
      return [WORDS[word] ? word : "other", { task }];
  }
}

/** A step's sentence. An element that stands in it twice is copied. */
function sentence(run, before, event) {
  const [key, values] = sentenceOf(run, before, event);
  const used = new Set();
  const fresh = new Proxy(values, {
    get(of, name) {
      const value = of[name];
      if (value instanceof HTMLElement && used.has(name)) return value.cloneNode(true);
      used.add(name);
      return value;
    },
  });
  return say(key, fresh);
}

/** Why a task is where it is: paragraphs. */
function reasons(run, state, step, number) {
  const task = state.tasks[number];
  const name = () => taskNode(run, number);
  if (!task || task[STATUS] === "unknown") return [say("why.unknown", { task: name() })];
  if (hasEnded(task)) return [say("why.ended", { task: name(), status: sayText(`status.${task[STATUS]}`) })];
  const now = run.step(step)?.[WHEN] ?? 0;
  if (task[STATUS] === "polled") return whyPolled(run, step, number, name);
  if (task[STATUS] === "queued") {
    const place = state.queue.indexOf(number);
    const why = [];
    if (place <= 0) why.push(say("why.queued.front", { task: name() }));
    else if (place === 1) why.push(say("why.queued.behind1", { task: name(), other: taskNode(run, state.queue[0]) }));
    else why.push(say("why.queued.behind", { task: name(), count: place }));
    if (state.running !== null) why.push(say("why.queued.running", { other: taskNode(run, state.running) }));
    return [...why, ...whyWoken(run, step, number)];
  }
  return whyWaiting(run, state, step, number, name, now);
}

function whyPolled(run, step, number, name) {
  const isIt = (word) => (event) => event[TASK] === number && event[WORD] === word;
  const began = run.find(step + 1, -1, isIt("poll")) ?? step;
  const woken = run.find(began, -1, (event) => event[TASK] === number && ["woken", "spawned", "poll"].includes(event[WORD]));
  const cause = woken === undefined ? undefined : run.step(woken);
  if (cause?.[WORD] === "spawned") return [say("why.polled.first", { task: name(), step: stepNode(woken) })];
  if (cause?.[WORD] !== "woken") {
    return run.tasks.get(number)?.root ? [say("why.polled.root", { task: name() })] : [say("why.unknown", { task: name() })];
  }
  const polled = say("why.polled.woken", { task: name(), step: stepNode(woken), cause: causeNode(run, cause) });
  return [polled, ...causesOf(run, woken, number)];
}

/** Why a task that is in the queue was woken. */
function whyWoken(run, step, number) {
  const woken = run.find(step + 1, -1, (event) => event[TASK] === number && ["woken", "spawned"].includes(event[WORD]));
  return woken !== undefined && run.step(woken)[WORD] === "woken" ? causesOf(run, woken, number, true) : [];
}

/** What led to a wake. */
function causesOf(run, woken, number, withWake = false) {
  const wake = run.step(woken);
  const why = withWake ? [say("why.woken", { step: stepNode(woken), cause: causeNode(run, wake) })] : [];
  if (wake[3] === "source") {
    const said = run.find(woken, -1, (event) => event[WORD] === "os" && event[3] === wake[4]);
    if (said !== undefined) {
      const readiness = readinessText(run.step(said)[4]);
      why.push(say("why.os", { step: stepNode(said), source: sourceNode(run, wake[4]), readiness }));
    }
    const left = run.find(woken, -1, (event) => event[WORD] === "waiting" && event[TASK] === number && event[3] === wake[4]);
    if (left !== undefined) why.push(say("why.left", { task: taskNode(run, number), step: stepNode(left) }));
  }
  const before = run.step(woken - 1);
  if (wake[3] === "task" && before?.[WORD] === "joinended" && before[TASK] === number) {
    why.push(say("why.join", { task: taskNode(run, number), other: taskNode(run, before[3]), step: stepNode(woken - 1) }));
  }
  if (wake[3] === "timer") {
    const fired = run.find(woken, -1, (event) => event[WORD] === "timerfired" && event[TASK] === number);
    if (fired !== undefined) why.push(say("why.timer", { step: stepNode(fired) }));
  }
  return why;
}

function whyWaiting(run, state, step, number, name, now) {
  const task = state.tasks[number];
  const why = [say("why.waiting", { task: name() })];
  for (const [kind, on, , way] of task[WAITS]) {
    if (kind === "source") {
      why.push(say(`why.waiting.${way}`, { source: sourceNode(run, on), time: human(now - task[SINCE]) }));
    } else if (kind === "join") {
      why.push(say("why.waiting.join", { other: taskNode(run, on) }));
    } else if (on === null) {
      why.push(say("why.waiting.never"));
    } else {
      why.push(on > now ? say("why.waiting.timer", { time: human(on - now) }) : say("why.waiting.due"));
    }
  }
  if (task[WAITS].length === 0) why.push(say("why.waiting.unknown"));
  const later = run.find(step, 1, (event) => event[TASK] === number && event[WORD] === "woken");
  const hint = later === undefined ? say("why.later.never") : say("why.later", { step: stepNode(later), cause: causeNode(run, run.step(later)) });
  // A quiz hides it.
  why.push(element("span", { class: "later" }, hint));
  if (state.thread[0] === "asleep") why.push(say("why.asleep"));
  return why;
}

// The page: which step is shown, and what the learner does.

const byIdValue = (id) => byId(id).value;
let run = null;
let step = 0;
let chosen = null; // The task that the learner has selected.
let playing = null;
let following = false; // Live: the latest step is shown, whatever it is.
const strip = new Strip((to) => go(to));
const table = new Table();
const quiz = new Quiz(() => forward());

const matches = (number) => {
  const words = byIdValue("filter").trim().toLowerCase();
  return words === "" || number < 0 || taskName(run, number).toLowerCase().includes(words) || run.tasks.get(number)?.id === words;
};
const isFiltered = () => byIdValue("filter").trim() !== "";

/** The task that the panels are about. */
function subject() {
  if (chosen !== null && run.tasks.has(chosen)) return chosen;
  const event = run.step(step);
  if (event && event[TASK] >= 0) return event[TASK];
  return run.at(step).running;
}

/** Shows a step. */
function go(to, { moves = false } = {}) {
  if (!run) return;
  const target = Math.min(run.last, Math.max(run.first, Math.round(Number(to)) || 0));
  const near = Math.abs(target - step) === 1;
  if (target !== run.last) setFollowing(false);
  step = target;
  show(moves && near);
}

function show(moves = false) {
  const standing = moves ? standingOf() : new Map();
  const event = run.step(step);
  const before = copyState(run.at(Math.max(run.first, step - 1)));
  const words = event ? sentence(run, before, event) : say("begin");
  renderStory(run, step);
  const state = run.at(step);
  const about = subject();
  byId("sentence").replaceChildren(words);
  byId("counter").textContent = sayText("stepOf", { step, all: run.last });
  if (document.activeElement !== byId("go")) byId("go").value = step;
  const focused = document.activeElement;
  renderPlace(run, state, event, matches, chosen);
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  moveFrom(standing);
  drawAction(event, before, moves);
  const why = about === null || about === undefined ? [say("why.select")] : reasons(run, state, step, about);
  byId("reasons").replaceChildren(...why.map((reason) => element("p", {}, reason)));
  renderSource(run, state, about ?? null);
  renderWarnings(run, state);
  const now = event?.[WHEN] ?? 0;
  table.render(run, state, now, matches);
  showMark();
  strip.move(step);
  quiz.show(run, step);
  note();
}

function showMark() {
  const mark = run.marks.filter(([at]) => at === step).map(([, text]) => text).join(" · ");
  byId("mark").hidden = mark === "";
  byId("mark").textContent = mark;
}

/** Writes the step into the address, but not more often than browsers allow. */
let noting = null;
function note() {
  if (noting !== null || following) return;
  noting = setTimeout(() => {
    noting = null;
    if (address() !== step) history.replaceState(null, "", `#step=${step}`);
  }, 250);
}

function address() {
  const found = /(?:^#|&)step=(\d+)/.exec(location.hash);
  return found ? Number(found[1]) : null;
}

const isShown = (event) => !isFiltered() || event[TASK] < 0 || matches(event[TASK]);

function forward() {
  const next = isFiltered() ? run.find(step, 1, isShown) : step + 1;
  if (next === undefined || next > run.last) return stop();
  go(next, { moves: true });
}

function backward() {
  const before = isFiltered() ? run.find(step, -1, isShown) : step - 1;
  go(before ?? run.first, { moves: true });
}

function toNext(word, direction = 1) {
  const about = subject();
  const found = run.find(step, direction, (event) => event[WORD] === word && (about === null || event[TASK] === about));
  if (found !== undefined) go(found);
}

function play() {
  if (playing !== null) return stop();
  byId("play").textContent = "⏸";
  byId("play").dataset.label = "pause";
  sayAll();
  const tick = () => {
    if (quiz.question && !quiz.question.answered) return stop();
    const speed = Number(byIdValue("speed"));
    playing = setTimeout(tick, 1000 / speed);
    if (step >= run.last) return stop();
    forward();
  };
  playing = setTimeout(tick, 0);
}

function stop() {
  clearTimeout(playing);
  playing = null;
  byId("play").textContent = "▶▶";
  byId("play").dataset.label = "play";
  sayAll();
}

function setFollowing(on) {
  following = on && isLive;
  byId("follow").hidden = !isLive || following;
}

function select(number) {
  chosen = chosen === number ? null : number;
  show();
}

function setLanguage(to) {
  language = to;
  sayAll();
  store("language", LANGUAGES[to]);
  table.titles();
  byId("quiz").dataset.say = quiz.on ? "quiz.stop" : "quiz.start";
  if (run) {
    summary();
    showMarks();
    show();
    strip.draw(matches);
  }
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
  store("theme", dark ? "dark" : "light");
  if (run) strip.draw(matches);
}

/** A page from disk may have no store. */
function store(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(`pizzaiolo.${key}`);
    localStorage.setItem(`pizzaiolo.${key}`, value);
  } catch {
    // Then it forgets.
  }
  return null;
}

function changeSpeed(by) {
  const list = byId("speed");
  list.selectedIndex = Math.min(list.options.length - 1, Math.max(0, list.selectedIndex + by));
}

function summary() {
  const ends = run.events.length > 0 ? run.events[run.events.length - 1][WHEN] - run.events[0][WHEN] : 0;
  const text = sayText("summary", { tasks: grouped(run.tasks.size), events: grouped(run.events.length), time: human(ends) });
  const missing = run.missing > 0 ? ` · ${sayText("missing", { count: grouped(run.missing) })}` : "";
  byId("summary").textContent = text + missing;
  document.title = byId("title").textContent;
}

const KEYS = {
  ArrowRight: () => forward(),
  ArrowLeft: () => backward(),
  Home: () => go(run.first),
  End: () => (isLive ? follow() : go(run.last)),
  " ": () => play(),
  w: () => toNext("woken"),
  W: () => toNext("woken", -1),
  p: () => toNext("poll"),
  P: () => toNext("poll", -1),
  "+": () => changeSpeed(1),
  "-": () => changeSpeed(-1),
  f: () => byId("filter").focus(),
  q: () => toggleQuiz(),
  l: () => setLanguage(1 - language),
};

function follow() {
  setFollowing(true);
  go(run.last);
}

function toggleQuiz() {
  quiz.toggle();
  byId("quiz").dataset.say = quiz.on ? "quiz.stop" : "quiz.start";
  byId("quiz").setAttribute("aria-pressed", String(quiz.on));
  document.body.classList.toggle("quizzes", quiz.on);
  sayAll();
  show();
}

function onKey(event) {
  if (!run || event.ctrlKey || event.metaKey || event.altKey) return;
  const { target } = event;
  if (target.matches("input, select, textarea")) return;
  if (event.key === " " && target.matches("button, summary, a")) return;
  if (quiz.question && !quiz.question.answered && /^[1-6]$/.test(event.key)) {
    byId("question").querySelectorAll(".answer")[Number(event.key) - 1]?.click();
    return;
  }
  const act = KEYS[event.key] ?? KEYS[event.key.length === 1 ? event.key.toLowerCase() : ""];
  if (!act) return;
  event.preventDefault();
  act();
}

function onClick(event) {
  const answer = event.target.closest("[data-answer]");
  if (answer) {
    event.stopPropagation();
    return quiz.answer(Number(answer.dataset.answer));
  }
  const selected = event.target.closest("[data-select]");
  if (selected && run) select(Number(selected.dataset.select));
}

function listen() {
  const buttons = {
    first: () => go(run.first),
    back: backward,
    play,
    next: forward,
    last: KEYS.End,
    nextWake: () => toNext("woken"),
    nextPoll: () => toNext("poll"),
    quiz: toggleQuiz,
    follow,
    language: () => setLanguage(1 - language),
    theme: () => setTheme(!isDark()),
  };
  for (const [id, act] of Object.entries(buttons)) byId(id).addEventListener("click", () => (run || id === "language" || id === "theme") && act());
  byId("go").addEventListener("change", (event) => go(event.target.value));
  byId("marks").addEventListener("change", (event) => event.target.value !== "" && go(event.target.value));
  byId("filter").addEventListener("input", () => {
    if (!run) return;
    show();
    strip.draw(matches);
  });
  byId("tasks").addEventListener("toggle", () => run && show());
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  addEventListener("hashchange", () => address() !== null && address() !== step && go(address()));
  addEventListener("resize", () => {
    if (!run) return;
    strip.draw(matches);
    drawAction(run.step(step), copyState(run.at(Math.max(run.first, step - 1))), false);
  });
}

const isDark = () => {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

function showMarks() {
  byId("markbox").hidden = run.marks.length === 0;
  const options = run.marks.map(([at, text]) => element("option", { value: at }, text));
  byId("marks").replaceChildren(element("option", { value: "" }, say("mark.choose")), ...options);
}

/** Begins with a run. */
function open(data) {
  run = new Run(data);
  step = run.first;
  chips.clear();
  byId("excerpt").dataset.key = "";
  strip.read(run);
  summary();
  showMarks();
  strip.draw(matches);
}

const data = JSON.parse(byId("run").textContent);
const isLive = data === null;
setLanguage(Math.max(0, LANGUAGES.indexOf(store("language") ?? (navigator.language.startsWith("ja") ? "ja" : "en"))));
const theme = store("theme");
if (theme) setTheme(theme === "dark");
listen();
if (isLive) {
  watchLive();
} else {
  open(data);
  go(address() ?? run.first);
}

// For tests, and for the console.
window.pizzaiolo = {
  go: (to) => go(to),
  state: (at) => copyState(run.at(at ?? step)),
  picture: pictureOf,
  get step() {
    return step;
  },
  get last() {
    return run?.last ?? 0;
  },
  get first() {
    return run?.first ?? 0;
  },
  get isFollowing() {
    return following;
  },
};

// "What happens next?": before each poll and each wake the learner says which task it will be, and
// the page says whether that was right, and why.

const MOST_ANSWERS = 6;

class Quiz {
  constructor(goOn) {
    this.on = false;
    this.goOn = goOn;
    this.reset();
  }

  reset() {
    this.asked = 0;
    this.right = 0;
    this.question = null;
  }

  toggle() {
    this.on = !this.on;
    this.reset();
  }

  /** Whether the step after this one is asked for. */
  asks(run, step) {
    const next = run.step(step + 1);
    return this.on && next !== undefined && ["poll", "woken"].includes(next[WORD]);
  }

  /** The tasks to choose from: the right one, those in the queue, others that live. */
  answers(run, state, next) {
    const living = Object.keys(state.tasks).map(Number).filter((number) => !hasEnded(state.tasks[number]));
    const first = [next[TASK], ...state.queue, ...living].filter((number, index, all) => all.indexOf(number) === index);
    return first.slice(0, MOST_ANSWERS).sort((a, b) => a - b);
  }

  show(run, step) {
    const box = byId("question");
    this.question = null;
    box.hidden = !this.on;
    if (!this.on) return;
    const score = element("p", { class: "score" }, say("quiz.score", { right: this.right, all: this.asked }));
    if (!this.asks(run, step)) {
      box.replaceChildren(score);
      if (step >= run.last) box.prepend(element("p", {}, say("quiz.end")));
      return;
    }
    const next = run.step(step + 1);
    const state = copyState(run.at(step));
    this.question = { run, step, next, state, answered: false };
    const answers = this.answers(run, state, next);
    const buttons = answers.map((number, index) =>
      element("button", { type: "button", class: "answer", "data-answer": number, style: `--hue:${hue(number)}` }, `${index + 1}. ${taskName(run, number)}`));
    box.replaceChildren(
      element("p", { class: "ask" }, say(next[WORD] === "poll" ? "quiz.poll" : "quiz.wake")),
      element("div", { class: "answers" }, ...buttons),
      score,
    );
  }

  /** The learner has chosen. */
  answer(number) {
    const { question } = this;
    if (!question || question.answered) return;
    question.answered = true;
    const { run, next, state } = question;
    const isRight = number === next[TASK];
    this.asked += 1;
    if (isRight) this.right += 1;
    const name = (task) => taskNode(run, task);
    const verdict = isRight ? say("quiz.right") : say("quiz.wrong", { task: name(next[TASK]) });
    const why = element("p", { class: isRight ? "right" : "wrong" }, element("strong", {}, isRight ? "✓ " : "✗ ", verdict), " ");
    for (const reason of this.whyOf(run, state, next, number)) why.append(reason, " ");
    const box = byId("question");
    for (const button of box.querySelectorAll(".answer")) {
      button.disabled = true;
      if (Number(button.dataset.answer) === next[TASK]) button.classList.add("correct");
    }
    const go = element("button", { type: "button", id: "go-on" }, say("quiz.go"));
    go.addEventListener("click", () => this.goOn());
    box.querySelector(".score").replaceChildren(say("quiz.score", { right: this.right, all: this.asked }));
    box.append(why, go);
    go.focus({ preventScroll: true });
  }

  whyOf(run, state, next, chosen) {
    const name = (task) => taskNode(run, task);
    const why = [];
    if (next[WORD] === "woken") why.push(say("quiz.woken", { cause: causeNode(run, next) }));
    else if (state.queue[0] === next[TASK]) why.push(say("quiz.front", { task: name(next[TASK]) }));
    else if (run.tasks.get(next[TASK])?.root) why.push(say("quiz.root", { task: name(next[TASK]) }));
    else why.push(say("quiz.taken", { task: name(next[TASK]) }));
    if (chosen === next[TASK]) return why;
    if (state.queue.includes(chosen)) {
      why.push(say(next[WORD] === "poll" ? "quiz.behind" : "quiz.already", { task: name(chosen) }));
    } else if (state.tasks[chosen]?.[STATUS] === "waiting") {
      why.push(say("quiz.waits", { task: name(chosen) }));
    }
    return why;
  }
}

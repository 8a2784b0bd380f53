// The overview strip: the whole run, a row for each task. Polls are high, the queue is half as high,
// a wait is a line, so that no meaning is in a colour alone.

const MOST_ROWS = 60;
const HEIGHTS = { polled: 1, queued: 0.5, waiting: 0.12 };

class Strip {
  constructor(go) {
    this.box = byId("strip");
    this.canvas = this.box.querySelector("canvas");
    this.spans = new Map();
    this.box.addEventListener("pointerdown", (event) => {
      this.box.setPointerCapture(event.pointerId);
      go(this.stepAt(event.clientX));
    });
    this.box.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) go(this.stepAt(event.clientX));
    });
  }

  /** Reads the run anew: what each task was doing from which step to which. */
  read(run) {
    this.run = run;
    this.spans.clear();
    this.state = copyState(run.checkpoints[0].state);
    for (const [number, task] of Object.entries(this.state.tasks)) this.enter(Number(number), task[STATUS], run.first);
    this.readTo = run.first;
    this.readOn();
  }

  /** Reads what is new. */
  readOn() {
    const { run, state } = this;
    while (this.readTo < run.last) {
      this.readTo += 1;
      const event = run.step(this.readTo);
      const before = state.running;
      apply(state, event);
      const touched = event[WORD] === "gap" ? Object.keys(state.tasks).map(Number) : [event[TASK], before];
      for (const number of touched) {
        if (number !== null && number >= 0) this.enter(number, state.tasks[number]?.[STATUS], this.readTo);
      }
    }
  }

  enter(number, status, step) {
    if (!this.spans.has(number)) this.spans.set(number, []);
    const spans = this.spans.get(number);
    const latest = spans[spans.length - 1];
    if (latest && latest.status === status) return;
    if (latest) latest.to = step;
    spans.push({ from: step, to: Infinity, status });
  }

  stepAt(clientX) {
    const box = this.canvas.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - box.left) / box.width));
    return Math.round(this.run.first + share * (this.run.last - this.run.first));
  }

  x(step, width) {
    return ((step - this.run.first) / Math.max(1, this.run.last - this.run.first)) * width;
  }

  draw(matches) {
    const numbers = [...this.spans.keys()].filter(matches).sort((a, b) => a - b).slice(0, MOST_ROWS);
    const row = Math.max(3, Math.min(14, Math.floor(150 / Math.max(1, numbers.length))));
    const top = this.run.marks.length > 0 || this.run.events.some((event) => event[WORD] === "warned") ? 12 : 4;
    const [width, height] = [this.box.clientWidth, top + row * numbers.length + 4];
    const scale = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    this.canvas.style.height = `${height}px`;
    const paint = this.canvas.getContext("2d");
    paint.scale(scale, scale);
    const colours = getComputedStyle(document.documentElement);
    for (const [index, number] of numbers.entries()) this.drawRow(paint, colours, number, top + row * index, row - 1, width);
    this.drawMarks(paint, colours, width, height);
    this.move(this.step ?? this.run.first);
  }

  drawRow(paint, colours, number, y, height, width) {
    for (const status of ["waiting", "queued", "polled"]) {
      paint.fillStyle = colours.getPropertyValue(`--${status}`);
      const high = Math.max(1, Math.round(height * HEIGHTS[status]));
      let painted = -1;
      for (const span of this.spans.get(number)) {
        if (span.status !== status) continue;
        const from = this.x(span.from, width);
        const to = Math.max(from + 1, this.x(Math.min(span.to, this.run.last), width));
        // What lies within the same pixel is painted once.
        if (to <= painted) continue;
        paint.fillRect(Math.max(from, painted), y + height - high, to - Math.max(from, painted), high);
        painted = Math.ceil(from) + 1 > to ? Math.ceil(from) : to;
      }
    }
  }

  drawMarks(paint, colours, width, height) {
    paint.fillStyle = colours.getPropertyValue("--ink");
    for (const [step] of this.run.marks) {
      const x = this.x(step, width);
      paint.fillRect(Math.round(x), 0, 1, height);
      paint.beginPath();
      paint.moveTo(x - 4, 0);
      paint.lineTo(x + 5, 0);
      paint.lineTo(x + 0.5, 8);
      paint.fill();
    }
    paint.fillStyle = colours.getPropertyValue("--bad");
    paint.font = "bold 12px sans-serif";
    for (const [index, event] of this.run.events.entries()) {
      if (event[WORD] === "warned") paint.fillText("!", this.x(this.run.first + index + 1, width) - 2, 10);
    }
  }

  /** Moves the line to a step. */
  move(step) {
    this.step = step;
    byId("cursor").style.transform = `translateX(${this.x(step, this.box.clientWidth)}px)`;
    this.box.setAttribute("aria-valuemin", this.run.first);
    this.box.setAttribute("aria-valuemax", this.run.last);
    this.box.setAttribute("aria-valuenow", step);
    this.box.setAttribute("aria-valuetext", sayText("stepOf", { step, all: this.run.last }));
  }
}

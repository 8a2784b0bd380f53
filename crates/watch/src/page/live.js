// Live: the run grows while the program runs.

/** So many steps are held; the oldest go in halves. */
const HELD = 65536;

function watchLive() {
  byId("live").hidden = false;
  byId("title").dataset.say = "title.live";
  sayAll();
  document.title = sayText("title.live");
  byId("tasks").open = true;
  setStatusLine("live.wait");
  const source = new EventSource("events");
  let dropped = 0;
  let drawing = null;
  source.addEventListener("run", (event) => {
    open(JSON.parse(event.data));
    setStatusLine("live.on");
    follow();
  });
  source.addEventListener("more", (event) => {
    const more = JSON.parse(event.data);
    run.append(more);
    for (const it of more.events) if (it[WORD] === "gap") dropped += it[3];
    if (run.events.length > 2 * HELD) {
      run.forgetAllBut(HELD);
      strip.read(run);
    } else {
      strip.readOn();
    }
    if (step < run.first) go(run.first);
    drawing ??= setTimeout(() => {
      drawing = null;
      draw(dropped);
    }, 100);
  });
  source.addEventListener("error", () => setStatusLine("live.lost"));
}

function draw(dropped) {
  summary();
  strip.draw(matches);
  if (following) go(run.last);
  if (dropped > 0) setStatusLine("live.dropped", { count: grouped(dropped) });
  else if (following) setStatusLine("live.on");
  else setStatusLine("live.paused", { count: grouped(run.last - step) });
}

function setStatusLine(key, values) {
  byId("live").dataset.key = key;
  byId("live").replaceChildren(say(key, values));
}

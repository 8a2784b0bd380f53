//! A browser for each test, and the runs that are shown in it.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};

/// Only something that hangs takes as long.
pub(crate) const HANGS: Duration = Duration::from_secs(60);

/// `ChromeDriver` on a port of its own, and a folder. Both go with it.
struct Driver {
    process: Child,
    url: String,
    folder: PathBuf,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Driver {
    /// Starts it; `None` if it is not installed.
    fn start() -> Option<Driver> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder =
            env::temp_dir().join(format!("pizzaiolo-browser-{}-{number}", std::process::id()));
        let mut command = Command::new("chromedriver");
        command
            .args(["--port=0"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = command.spawn().ok()?;
        fs::create_dir_all(&folder).expect("a folder for the browser");
        let lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let mut lines = lines.map_while(Result::ok);
        // "ChromeDriver was started successfully on port 12345."
        let port = lines.find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse::<u16>().ok()
        });
        // The rest of its output is discarded: a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://127.0.0.1:{}", port.expect("the driver says its port"));
        Some(Driver { process, url, folder })
    }
}

/// A page in a browser.
pub(crate) struct Page {
    client: Client,
    pub(crate) folder: PathBuf,
}

/// Runs a test in a browser. Where there is none, it says so and passes.
pub(crate) fn in_a_browser(test: impl AsyncFnOnce(Page)) {
    let Some(driver) = Driver::start() else {
        assert!(env::var_os("CI").is_none(), "chromedriver is missing");
        eprintln!("skipped: chromedriver is not installed (on Debian: chromium-driver)");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let profile = driver.folder.join("profile");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1300,1000",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let wishes = json!({
            "goog:chromeOptions": { "args": arguments },
            // A script that goes through a whole run may take long on a busy machine.
            "timeouts": { "script": 240_000, "pageLoad": 240_000 },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let Value::Object(wishes) = wishes else { unreachable!("it is an object") };
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(wishes)
            .connect(&driver.url)
            .await
            .expect("the browser starts");
        let page = Page { client: client.clone(), folder: driver.folder.clone() };
        let result = tokio::time::timeout(5 * HANGS, test(page)).await;
        let _ = client.close().await;
        result.expect("the test ends");
    });
}

impl Page {
    /// Opens a page that is a file.
    pub(crate) async fn open_text(&self, html: &str, anchor: &str) {
        let file = self.folder.join("run.html");
        fs::write(&file, html).expect("room for the page");
        self.open(&format!("{}{anchor}", url_of(&file))).await;
    }

    pub(crate) async fn open(&self, url: &str) {
        // Another anchor of the same page alone would load nothing.
        self.client.goto("about:blank").await.expect("a blank page");
        self.client.goto(url).await.expect("the page opens");
    }

    /// Runs a script in the page, and returns what it returns.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.expect("the script runs")
    }

    /// The value of an expression.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.run(&format!("return {expression};"), Vec::new()).await
    }

    pub(crate) async fn text(&self, selector: &str) -> String {
        let text = self.value(&format!("document.querySelector({selector:?}).textContent")).await;
        text.as_str().expect("a text").to_owned()
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element = self.client.find(fantoccini::Locator::Css(selector)).await;
        element.expect("the element is there").click().await.expect("it can be clicked");
    }

    /// Presses a key as a person does.
    pub(crate) async fn press(&self, key: &str) {
        use fantoccini::actions::{InputSource, KeyAction, KeyActions};
        let mut keys = KeyActions::new("keyboard".to_owned());
        for value in key.chars() {
            keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.client.perform_actions(keys).await.expect("the key is pressed");
    }

    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.expect("the window has another size");
    }

    /// A picture of the page, as PNG.
    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture")
    }

    /// Waits until an expression is true.
    pub(crate) async fn wait_until(&self, expression: &str) {
        let begin = Instant::now();
        while self.value(expression).await != Value::Bool(true) {
            assert!(begin.elapsed() < HANGS, "it never is: {expression}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What the console has said since the last time: errors and warnings.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.log("browser").await;
        log.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The addresses that were asked for, but for the page itself.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let mut requests = Vec::new();
        for entry in self.log("performance").await {
            let message: Value =
                serde_json::from_str(entry["message"].as_str().unwrap_or("{}")).unwrap();
            let message = &message["message"];
            if message["method"] == "Network.requestWillBeSent" {
                requests.push(
                    message["params"]["request"]["url"].as_str().unwrap_or_default().to_owned(),
                );
            }
        }
        requests
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.client.issue_cmd(LogCommand(kind.to_owned())).await;
        log.expect("the driver has a log").as_array().cloned().unwrap_or_default()
    }
}

/// `ChromeDriver`'s own: what the browser has logged.
#[derive(Debug)]
struct LogCommand(String);

impl fantoccini::wd::WebDriverCompatibleCommand for LogCommand {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": self.0 }).to_string()))
    }
}

fn url_of(file: &Path) -> String {
    format!("file://{}", file.display())
}

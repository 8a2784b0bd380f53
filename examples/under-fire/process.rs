//! The pizza server as a process of its own, and what the OS knows of it.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

/// Only a hang takes so long.
pub(crate) const A_HANG: Duration = Duration::from_secs(60);

/// The pizza server's process. It is killed with this value, if it still runs.
pub(crate) struct Server {
    process: Child,
    pub(crate) addr: SocketAddr,
    /// The lines of its log, from the one that says the address.
    pub(crate) log: Receiver<String>,
    /// The lines of its tables of tasks.
    tables: Receiver<String>,
}

impl Server {
    /// Starts it with at most `files` open files, and with `log` as its `RUST_LOG`.
    pub(crate) fn start(files: usize, log: &str, options: &[&str]) -> Server {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {files} && exec \"$0\" 127.0.0.1:0 \"$@\"");
        command.args(["-c", &script]).arg(binary()).args(options);
        // The line with the address is of this level, and of the program's first file.
        let level = log.split(',').next().unwrap_or(log);
        let modules = ["server", "connections"].map(|name| format!("pizza_server::{name}={level}"));
        command.env("RUST_LOG", format!("pizza_server=info,{},{log}", modules.join(",")));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("a shell");
        let tables = lines(process.stdout.take().expect("it is piped"), |_| true);
        // What is said of each connection is of no interest, and there are many.
        let log = lines(process.stderr.take().expect("it is piped"), |line| {
            let said = ["Connected to ", " has failed: ", " has been closed"];
            !said.iter().any(|said| line.contains(said))
        });
        let addr = loop {
            let line = log.recv_timeout(A_HANG).expect("the server starts");
            if let Some((_, addr)) = line.split_once("Starting up on: ") {
                break addr.parse().expect("an address");
            }
        };
        let server = Server { process, addr, log, tables };
        // A server that shows its tasks has all the descriptors that it has without clients.
        server.tasks();
        server
    }

    /// How many descriptors are open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.id())).expect("it runs").count()
    }

    /// The resident memory that is the process's own, in KiB: its heap and stacks, without the
    /// program's text.
    pub(crate) fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        number.and_then(|number| number.parse().ok()).expect("a number of kB")
    }

    /// How much processor time it has used, in ticks of mostly 10 ms.
    pub(crate) fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.expect("it runs");
        // After the name in parentheses, the time in the program is the 12th field, and that in
        // the OS the 13th.
        let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
    }

    /// How many tasks there are, in its own table.
    pub(crate) fn tasks(&self) -> usize {
        self.signal("USR1");
        let mut tasks = 0;
        // The table has no end that one could see; but its rows come together.
        let mut wait = A_HANG;
        while let Ok(line) = self.tables.recv_timeout(wait) {
            tasks += usize::from(line.contains("; serve "));
            wait = Duration::from_millis(200);
        }
        tasks
    }

    pub(crate) fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.process.id());
        assert!(Command::new("sh").arg("-c").arg(kill).status().expect("a shell").success());
    }

    /// Waits for the end. Returns the exit code, and the lines that were not read yet.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>) {
        let lines = self.log.iter().collect();
        (self.process.wait().expect("it is ours").code(), lines)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines of a stream, without those that are not needed.
fn lines(stream: impl Read + Send + 'static, wanted: fn(&str) -> bool) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if wanted(&line) && sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// The pizza server's binary, which was built in the same profile as this program.
fn binary() -> PathBuf {
    let this = env::current_exe().expect("the program's own path");
    let mut profiles = this.ancestors().skip(1);
    let binary = profiles.find_map(|dir| {
        let binary = dir.join("examples/pizza-server");
        binary.exists().then_some(binary)
    });
    binary.expect("build it first, in the same profile: cargo build --example pizza-server")
}

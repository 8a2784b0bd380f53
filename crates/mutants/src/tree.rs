//! The copy of the repository in which the core is changed.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Result;

/// What is changed. The sockets of `net` are left out: they pass calls on.
const CORE: &[&str] = &[
    "src/async_io",
    "src/clock.rs",
    "src/current.rs",
    "src/executor/",
    "src/reactor/",
    "src/runtime/",
    "src/slab.rs",
    "src/time/",
    "src/trace/",
];

/// What only the model checker builds, or another system.
const NOT_CORE: &[&str] =
    &["src/async_io/windows.rs", "src/executor/model.rs", "src/reactor/model.rs"];

/// Where the copy is, and all that belongs to it.
pub(crate) struct Tree {
    repository: PathBuf,
    /// `target/mutants`.
    folder: PathBuf,
    /// All files of the repository, by their paths in it.
    files: BTreeSet<String>,
}

impl Tree {
    /// Copies all files of the repository but those of the core, which are written later.
    ///
    /// # Errors
    ///
    /// If git does not list the files, or one cannot be copied.
    pub(crate) fn copy() -> Result<Tree> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let folder = repository.join("target/mutants");
        let files = list_files(&repository)?;
        let tree = Tree { repository, folder, files };
        tree.remove_old()?;
        for name in tree.files.iter().filter(|name| !is_core(name)) {
            tree.copy_file(name)?;
        }
        tree.write("src/mutant.rs", include_str!("switch.rs"))?;
        Ok(tree)
    }

    fn copy_file(&self, name: &str) -> Result<()> {
        let mut bytes = fs::read(self.original(name))?;
        if name == "src/lib.rs" {
            bytes.extend(b"\nmod mutant;\n");
        }
        self.write_bytes(name, &bytes)
    }

    /// Removes what was copied earlier, and has gone from the repository since.
    fn remove_old(&self) -> Result<()> {
        let list = self.file("copied");
        for name in fs::read_to_string(&list).unwrap_or_default().lines() {
            if !self.files.contains(name) {
                ignore_missing(fs::remove_file(self.root().join(name)))?;
            }
        }
        fs::create_dir_all(&self.folder)?;
        let names: Vec<_> = self.files.iter().map(String::as_str).collect();
        Ok(fs::write(list, names.join("\n"))?)
    }

    /// Returns the files that are changed.
    pub(crate) fn core_files(&self) -> Result<Vec<String>> {
        let files: Vec<_> = self.files.iter().filter(|name| is_core(name)).cloned().collect();
        if files.is_empty() { Err("no file of the core is found".into()) } else { Ok(files) }
    }

    /// Returns where a file of the repository is.
    pub(crate) fn original(&self, name: &str) -> PathBuf {
        self.repository.join(name)
    }

    /// Returns the root of the copy.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Returns where a file of the harness itself is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file of the copy. One that does not change stays as it is, so that it is not built again.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<()> {
        self.write_bytes(name, text.as_bytes())
    }

    fn write_bytes(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.root().join(name);
        if fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(fs::write(path, bytes)?)
    }
}

fn is_core(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == "rs")
        && CORE.iter().any(|start| name.starts_with(start))
        && !NOT_CORE.contains(&name)
}

/// Lists the files that git knows, and those that it would, but for what it ignores.
fn list_files(repository: &Path) -> Result<BTreeSet<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.current_dir(repository).output()?;
    if !output.status.success() {
        return Err("git does not list the files of the repository".into());
    }
    let names = String::from_utf8(output.stdout)?;
    let names = names.split('\0').filter(|name| repository.join(name).is_file());
    Ok(names.map(str::to_owned).collect())
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

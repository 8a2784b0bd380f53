//! The single lines that stand around the pages in `src/guide.rs`, and the title of the book, in other languages.

/// Lines of `src/guide.rs`, without their `///`, and of `docs/book/book.toml`, and what they are in Japanese.
pub const JAPANESE: [(&str, &str); 19] = [
    (
        IN_PLACE,
        "ここで書いて、実行できます。最後の確認は短いものです。テストはもっと多くのことを確かめます。",
    ),
    (
        "title = \"pizzaiolo: an async executor, step by step\"",
        "title = \"pizzaiolo: 非同期エグゼキュータを、一歩ずつ\"",
    ),
    (
        "Next: [step 2, a thread for each client](crate::guide::step02_threads)",
        "次は: [ステップ2、クライアントごとにスレッドを1つ](crate::guide::step02_threads)",
    ),
    (
        "Next: [step 3, no call blocks, and a core burns](crate::guide::step03_busy_loop)",
        "次は: [ステップ3、どの呼び出しもブロックせず、コアを1つ使い切る](crate::guide::step03_busy_loop)",
    ),
    (
        "Next: [step 4, sleep until a socket is ready](crate::guide::step04_mio)",
        "次は: [ステップ4、ソケットの準備ができるまで眠る](crate::guide::step04_mio)",
    ),
    (
        "Next: [step 5, a future, and what polls it](crate::guide::step05_bell)",
        "次は: [ステップ5、フューチャと、それをポーリングするもの](crate::guide::step05_bell)",
    ),
    (
        "Next: [step 6, a future that waits for a socket](crate::guide::step06_sockets)",
        "次は: [ステップ6、ソケットを待つフューチャ](crate::guide::step06_sockets)",
    ),
    (
        "Next: [step 7, `async fn` writes the state machine](crate::guide::step07_async_fn)",
        "次は: [ステップ7、`async fn`がステートマシンを書く](crate::guide::step07_async_fn)",
    ),
    (
        "Next: [step 8, a queue of tasks](crate::guide::step08_task_queue)",
        "次は: [ステップ8、タスクのキュー](crate::guide::step08_task_queue)",
    ),
    (
        "Next: [step 9, accepting is a task too](crate::guide::step09_accept_task)",
        "次は: [ステップ9、受け付けもタスクである](crate::guide::step09_accept_task)",
    ),
    (
        "Next: [step 10, the reactor](crate::guide::step10_reactor)",
        "次は: [ステップ10、リアクタ](crate::guide::step10_reactor)",
    ),
    (
        "Next: [step 11, the crate itself](crate::guide::step11_crate)",
        "次は: [ステップ11、クレートそのもの](crate::guide::step11_crate)",
    ),
    (
        "Next: [the tour of the source](crate::guide::step12_tour)",
        "次は: [ソースのツアー](crate::guide::step12_tour)",
    ),
    (
        "Next: [why is a waker `Send` and `Sync` on one thread?](crate::guide::topic02_send_and_sync)",
        "次は: [スレッドが1つなのに、なぜウェイカーは`Send`かつ`Sync`なのか？](crate::guide::topic02_send_and_sync)",
    ),
    (
        "Next: [where do Python's asyncio and uvloop stand today?](crate::guide::topic17_asyncio)",
        "次は: [Pythonのasyncioとuvloopは、今どこにいるのか？](crate::guide::topic17_asyncio)",
    ),
    (
        "Next: [which wake bug is this?](crate::guide::which_wake_bug)",
        "次は: [これはどのウェイクのバグか？](crate::guide::which_wake_bug)",
    ),
    (
        "Next: [the gallery](which_wake_bug_gallery), the programs of this page.",
        "次は: [ギャラリー](which_wake_bug_gallery)。このページのプログラムです。",
    ),
    ("# The program", "# プログラム"),
    ("# The enum by hand", "# 手で書いた列挙型"),
];

/// What stands above an exercise that can be written in its page.
pub const IN_PLACE: &str =
    "Write it here and run it. The check at its end is short; the tests check more:";

/// A line of `src/guide.rs` in a language; as it is, if it has no translation.
#[must_use]
pub fn translated<'a>(language: &str, line: &'a str) -> &'a str {
    let is_japanese = language == "ja";
    let found = JAPANESE.iter().find(|(original, _)| is_japanese && *original == line);
    found.map_or(line, |(_, translated)| translated)
}

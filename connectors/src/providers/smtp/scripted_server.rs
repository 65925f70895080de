//! An SMTP server for tests, which says what it is told to say.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What happens at a word; at most once, in the order in which they are given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Do {
    /// Without CR LF at its end.
    Say(&'static str),
    Cut,
    /// The connection goes on, and nothing is said any more.
    Nothing,
}

/// What was heard over one connection: commands, and `.` for a mail.
type Heard = Vec<String>;

#[derive(Clone)]
pub(super) struct ScriptedServer {
    pub(super) address: SocketAddr,
    /// By command, `CONNECT` for the greeting, `DATA-LINE` for the first line of a mail, `.` for its end.
    script: Arc<Mutex<VecDeque<(&'static str, Do)>>>,
    connections: Arc<Mutex<Vec<Heard>>>,
    mails: Arc<Mutex<Vec<String>>>,
}

impl ScriptedServer {
    pub(super) async fn start(script: impl IntoIterator<Item = (&'static str, Do)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            connections: Arc::default(),
            mails: Arc::default(),
        };
        let accepting = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = {
                    let mut connections = accepting.connections.lock().unwrap();
                    connections.push(Heard::new());
                    connections.len() - 1
                };
                let server = accepting.clone();
                tokio::spawn(async move {
                    let _ = server.serve(stream, number).await;
                });
            }
        });
        server
    }

    pub(super) fn then(&self, word: &'static str, act: Do) {
        self.script.lock().unwrap().push_back((word, act));
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.connections.lock().unwrap().clone()
    }

    pub(super) fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }

    async fn serve(self, stream: TcpStream, number: usize) -> Option<()> {
        let mut stream = BufReader::new(stream);
        self.act(&mut stream, "CONNECT", "220 scripted").await?;
        loop {
            let line = read_line(&mut stream).await?;
            let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            self.connections.lock().unwrap()[number].push(word.clone());
            match word.as_str() {
                "EHLO" => self.act(&mut stream, "EHLO", "250-scripted\r\n250 AUTH PLAIN LOGIN").await?,
                "AUTH" => self.act(&mut stream, "AUTH", "235 welcome").await?,
                "DATA" => {
                    if self.act(&mut stream, "DATA", "354 go on").await? {
                        continue;
                    }
                    self.read_mail(&mut stream, number).await?;
                    false
                }
                "QUIT" => {
                    self.act(&mut stream, "QUIT", "221 bye").await?;
                    return None;
                }
                other => self.act(&mut stream, other, "250 ok").await?,
            };
        }
    }

    async fn read_mail(&self, stream: &mut BufReader<TcpStream>, number: usize) -> Option<()> {
        let mut mail = String::new();
        let mut is_first = true;
        loop {
            let line = read_line(stream).await?;
            if is_first {
                is_first = false;
                if self.take("DATA-LINE").is_some() {
                    return None;
                }
            }
            if line == "." {
                break;
            }
            mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            mail.push_str("\r\n");
        }
        self.connections.lock().unwrap()[number].push(".".to_owned());
        self.mails.lock().unwrap().push(mail);
        self.act(stream, ".", "250 kept").await.map(|_| ())
    }

    /// True when something else than the usual was said. None ends the connection.
    async fn act(&self, stream: &mut BufReader<TcpStream>, word: &str, usual: &'static str) -> Option<bool> {
        let scripted = self.take(word);
        let text = match scripted {
            None => usual,
            Some(Do::Say(text)) => text,
            Some(Do::Cut) => return None,
            Some(Do::Nothing) => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                return None;
            }
        };
        stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
        Some(scripted.is_some())
    }

    fn take(&self, word: &str) -> Option<Do> {
        let mut script = self.script.lock().unwrap();
        if script.front().is_some_and(|(next, _)| *next == word) {
            return script.pop_front().map(|(_, act)| act);
        }
        None
    }
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
        return None;
    }
    let line = String::from_utf8_lossy(&line);
    Some(line.trim_end_matches(['\r', '\n']).to_owned())
}

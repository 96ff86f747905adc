//! Standard output, buffered; standard error, not.

use std::cell::RefCell;
use std::io::{ErrorKind, Write};

/// Written out when there is this much.
const BUFFER: usize = 8192;

#[derive(Default)]
pub(crate) struct Output {
    buffer: RefCell<Vec<u8>>,
}

impl Output {
    pub(crate) fn print(&self, text: &str) {
        if text.len() >= BUFFER {
            self.flush();
            write(text.as_bytes());
            return;
        }
        let mut buffer = self.buffer.borrow_mut();
        buffer.extend_from_slice(text.as_bytes());
        let full = buffer.len() >= BUFFER;
        drop(buffer);
        if full {
            self.flush();
        }
    }

    pub(crate) fn flush(&self) {
        let text = self.buffer.take();
        write(&text);
    }

    pub(crate) fn error(&self, text: &str) {
        self.flush();
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

fn write(text: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text).and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() == ErrorKind::BrokenPipe
    {
        // Whoever read the output has gone: nobody is left to tell.
        std::process::exit(1);
    }
}

//! Lines and columns of byte offsets.

/// Where the lines of a source begin.
pub(super) struct LineIndex<'a> {
    pub(super) source: &'a str,
    starts: Vec<u32>,
}

impl<'a> LineIndex<'a> {
    pub(super) fn new(source: &'a str) -> LineIndex<'a> {
        let ends = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect();
        LineIndex { source, starts }
    }

    /// 1-based.
    pub(super) fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    /// 1-based, in characters.
    pub(super) fn column(&self, offset: u32) -> u32 {
        let start = self.starts[self.line(offset) as usize - 1] as usize;
        let end = (offset as usize).min(self.source.len());
        self.source[start..end].chars().count() as u32 + 1
    }
}

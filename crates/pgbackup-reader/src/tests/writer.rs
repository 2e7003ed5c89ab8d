//! Writes a log, so that tests need no server: pages, records with their checksums, segments. Written from the layouts, not with the
//! reader's own code.

use std::collections::BTreeMap;

pub const PAGE: usize = 8192;

pub struct Writer {
    pub magic: u16,
    pub system: u64,
    pub segment_size: usize,
    pub timeline: u32,
    /// Where `bytes` begins: a segment's first place.
    pub start: u64,
    pub bytes: Vec<u8>,
    previous: u64,
}

impl Writer {
    /// A log of 17 with segments of 1 MiB that begins with the segment of that number.
    pub fn new(number: u64) -> Self {
        Self::of(0xD116, 1 << 20, number)
    }

    pub fn of(magic: u16, segment_size: usize, number: u64) -> Self {
        let start = number * segment_size as u64;
        Self { magic, system: 42, segment_size, timeline: 1, start, bytes: Vec::new(), previous: 0 }
    }

    /// Where the next record begins, if the page has its header already.
    pub fn here(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Where the last record begins.
    pub fn previous(&self) -> u64 {
        self.previous
    }

    fn page_header(&mut self, flags: u16, remaining: u32) {
        let at = self.here();
        let long = at % self.segment_size as u64 == 0;
        let info = flags | if long { 2 } else { 0 };
        self.bytes.extend(self.magic.to_le_bytes());
        self.bytes.extend(info.to_le_bytes());
        self.bytes.extend(self.timeline.to_le_bytes());
        self.bytes.extend(at.to_le_bytes());
        self.bytes.extend(remaining.to_le_bytes());
        self.bytes.extend([0; 4]);
        if long {
            self.bytes.extend(self.system.to_le_bytes());
            self.bytes.extend((self.segment_size as u32).to_le_bytes());
            self.bytes.extend((PAGE as u32).to_le_bytes());
        }
    }

    /// The page header, where a page begins here.
    pub fn begin_page(&mut self, flags: u16) {
        if self.bytes.len() % PAGE == 0 {
            self.page_header(flags, 0);
        }
    }

    /// A record with main data and no blocks; gives its place.
    pub fn record(&mut self, resource_manager: u8, info: u8, xid: u32, data: &[u8]) -> u64 {
        let mut body = Vec::new();
        match u8::try_from(data.len()) {
            Ok(0) => {}
            Ok(length) => body.extend([255, length]),
            Err(_) => {
                body.push(254);
                body.extend((data.len() as u32).to_le_bytes());
            }
        }
        body.extend(data);
        self.raw(resource_manager, info, xid, &body)
    }

    /// A record of those bytes behind its header.
    pub fn raw(&mut self, resource_manager: u8, info: u8, xid: u32, body: &[u8]) -> u64 {
        self.begin_page(0);
        let at = self.here();
        let mut record = Vec::new();
        record.extend((24 + body.len() as u32).to_le_bytes());
        record.extend(xid.to_le_bytes());
        record.extend(self.previous.to_le_bytes());
        record.extend([info, resource_manager, 0, 0]);
        let checksum = crc32c::crc32c_append(crc32c::crc32c(body), &record);
        record.extend(checksum.to_le_bytes());
        record.extend(body);
        self.put(&record);
        self.previous = at;
        at
    }

    /// Bytes across as many pages as they need.
    pub fn put(&mut self, mut record: &[u8]) {
        loop {
            let room = PAGE - self.bytes.len() % PAGE;
            let (here, rest) = record.split_at(record.len().min(room));
            self.bytes.extend(here);
            if rest.is_empty() {
                break;
            }
            self.page_header(1, rest.len() as u32);
            record = rest;
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
    }

    pub fn commit(&mut self, xid: u32, time: i64) -> u64 {
        self.record(1, 0, xid, &time.to_le_bytes())
    }

    pub fn abort(&mut self, xid: u32, time: i64) -> u64 {
        self.record(1, 0x20, xid, &time.to_le_bytes())
    }

    pub fn restore_point(&mut self, name: &str, time: i64) -> u64 {
        let mut data = time.to_le_bytes().to_vec();
        data.extend(name.as_bytes());
        data.resize(72, 0);
        self.record(0, 0x70, 0, &data)
    }

    /// A checkpoint that recovery can start from.
    pub fn checkpoint(&mut self, shutdown: bool, redo: u64, timeline: u32, previous: u32, seconds: i64) -> u64 {
        let mut data = Vec::new();
        data.extend(redo.to_le_bytes());
        data.extend(timeline.to_le_bytes());
        data.extend(previous.to_le_bytes());
        data.extend([1, 0, 0, 0, 0, 0, 0, 0]);
        data.extend(1000_u64.to_le_bytes());
        data.resize(64, 0);
        data.extend(seconds.to_le_bytes());
        data.resize(88, 0);
        self.record(0, if shutdown { 0 } else { 0x10 }, 0, &data)
    }

    pub fn end_of_recovery(&mut self, timeline: u32, previous: u32) -> u64 {
        let mut data = 7_i64.to_le_bytes().to_vec();
        data.extend(timeline.to_le_bytes());
        data.extend(previous.to_le_bytes());
        self.record(0, 0x90, 0, &data)
    }

    pub fn backup_end(&mut self, start: u64) -> u64 {
        self.record(0, 0x50, 0, &start.to_le_bytes())
    }

    /// Something of a resource manager that is not looked at.
    pub fn other(&mut self, length: usize) -> u64 {
        self.record(10, 0, 5, &vec![0xAB; length])
    }

    /// A switch record; the rest of the segment is empty pages.
    pub fn switch(&mut self) -> u64 {
        let at = self.raw(0, 0x40, 0, &[]);
        self.fill_segment();
        at
    }

    /// Empty pages up to the segment's end.
    pub fn fill_segment(&mut self) {
        let end = self.bytes.len().next_multiple_of(self.segment_size);
        while self.bytes.len() < end {
            self.bytes.resize(self.bytes.len().next_multiple_of(PAGE), 0);
            if self.bytes.len() < end {
                self.page_header(0, 0);
            }
        }
    }

    /// Records of nothing, up to a given place in the segment.
    pub fn fill_to(&mut self, offset: usize) {
        while self.bytes.len() % self.segment_size < offset {
            self.other(100);
        }
    }

    /// Another log that goes on from here on another timeline.
    pub fn fork(&self, timeline: u32) -> Self {
        Self { timeline, bytes: self.bytes.clone(), ..*self }
    }

    /// The segments by their names, the last filled up with zeros.
    pub fn segments(&self) -> BTreeMap<String, Vec<u8>> {
        let for_each_log = (1_u64 << 32) / self.segment_size as u64;
        self.bytes
            .chunks(self.segment_size)
            .enumerate()
            .map(|(index, bytes)| {
                let number = self.start / self.segment_size as u64 + index as u64;
                let name = format!("{:08X}{:08X}{:08X}", self.timeline, number / for_each_log, number % for_each_log);
                let mut bytes = bytes.to_vec();
                bytes.resize(self.segment_size, 0);
                (name, bytes)
            })
            .collect()
    }
}

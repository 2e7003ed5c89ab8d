//! Points to recover to, as people write them: on the command line, in a profile, in a target's name.

mod error;
mod spelled;

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::{Timestamp, Unit};

pub use error::PointError;

use super::matrix::readable;
use super::suggest;
use super::types::{Point, PointTime};
use super::units::{HumanDuration, shortened};

/// The keys that a point can have.
const KEYS: [&str; 4] = ["time", "lsn", "xid", "name"];

/// MAXFNAMELEN less its end: what `pg_create_restore_point` and `recovery_target_name` take (access/xlog_internal.h,
/// PostgreSQL 13 to 18).
const MOST_NAME_BYTES: usize = 63;

/// FirstNormalTransactionId (access/transam.h, PostgreSQL 13 to 18): those below are of initdb and of frozen rows.
const FIRST_XID: u32 = 3;

impl FromStr for Point {
    type Err = PointError;

    fn from_str(text: &str) -> Result<Self, PointError> {
        match text.trim() {
            "latest" => return Ok(Self::Latest),
            "immediate" => return Ok(Self::Immediate),
            _ => {}
        }
        let Some((key, rest)) = keyed(text.trim_start()) else { return bare(text.trim()) };
        if key == "name" {
            return name_of(rest).map(Self::Name);
        }
        let (value, inclusive) = match rest.split_once(',') {
            Some((value, more)) => (value.trim(), inclusive_of(more.trim())?),
            None => (rest.trim(), true),
        };
        Ok(match key {
            "time" => Self::Time { time: value.parse()?, inclusive },
            "lsn" => Self::Lsn { lsn: lsn_of(value)?, inclusive },
            _ => Self::Xid { xid: xid_of(value)?, inclusive },
        })
    }
}

impl fmt::Display for Point {
    /// The text that reads back as the same point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inclusive = match self {
            Self::Latest => return f.write_str("latest"),
            Self::Immediate => return f.write_str("immediate"),
            Self::Name(name) => return write!(f, "name={name}"),
            Self::Time { time, inclusive } => write!(f, "time={time}").map(|()| inclusive),
            Self::Lsn { lsn, inclusive } => write!(f, "lsn={}", lsn_text(*lsn)).map(|()| inclusive),
            Self::Xid { xid, inclusive } => write!(f, "xid={xid}").map(|()| inclusive),
        }?;
        if *inclusive { Ok(()) } else { f.write_str(",inclusive=false") }
    }
}

impl Point {
    /// What is put after a target's name: `latest`, `time-1h`, `2026-11-28T11-08-45Z`, `lsn-0-D3FEE38`, `xid-11744`,
    /// `name-drill_point`; `-exclusive` after it where what is exactly there is not replayed. It is of letters, digits, `.`, `_`,
    /// `+`, `@` and `-`, since files are called by it.
    pub fn label(&self) -> String {
        let (label, inclusive) = match self {
            Self::Latest => ("latest".to_owned(), true),
            Self::Immediate => ("immediate".to_owned(), true),
            Self::Time { time: time @ PointTime::At(_), inclusive } => (time.to_string(), *inclusive),
            Self::Time { time: time @ PointTime::Back(_), inclusive } => (format!("time{time}"), *inclusive),
            Self::Lsn { lsn, inclusive } => (format!("lsn-{}", lsn_text(*lsn)), *inclusive),
            Self::Xid { xid, inclusive } => (format!("xid-{xid}"), *inclusive),
            Self::Name(name) => (format!("name-{name}"), true),
        };
        readable(&if inclusive { label } else { format!("{label}-exclusive") })
    }
}

impl FromStr for PointTime {
    type Err = PointError;

    fn from_str(text: &str) -> Result<Self, PointError> {
        let text = text.trim();
        if let Some(back) = text.strip_prefix('-') {
            return match back.trim_start().parse() {
                Ok(HumanDuration(back)) if back.is_zero() => Err(PointError::NoTimeBack(shortened(text[1..].trim()))),
                Ok(back) => Ok(Self::Back(back)),
                Err(error) => Err(PointError::NotADuration(shortened(back), error)),
            };
        }
        if text.parse::<HumanDuration>().is_ok() {
            return Err(PointError::NotBack(shortened(text)));
        }
        // As the server's log has it.
        let in_utc = text.strip_suffix("UTC").map(|time| format!("{}Z", time.trim_end()));
        let Ok(time) = in_utc.as_deref().unwrap_or(text).parse::<Timestamp>() else {
            let without_zone = text.parse::<DateTime>().is_ok();
            let error = if without_zone { PointError::NoZone } else { PointError::NotATime };
            return Err(error(shortened(text)));
        };
        time.round(Unit::Microsecond).map(Self::At).map_err(|_| PointError::NotATime(shortened(text)))
    }
}

impl fmt::Display for PointTime {
    /// `2026-11-28T11:08:45.65079Z`, or `-1h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => write!(f, "{time}"),
            Self::Back(back) => write!(f, "-{back}"),
        }
    }
}

/// The known key that a text begins with, and what comes after it.
fn keyed(text: &str) -> Option<(&str, &str)> {
    KEYS.iter().find_map(|key| {
        let rest = text.strip_prefix(key)?;
        match rest.trim_start().strip_prefix('=') {
            Some(value) => Some((*key, value)),
            None => rest.starts_with(char::is_whitespace).then(|| (*key, rest.trim_start())),
        }
    })
}

/// A time, and for all else what it may be meant to be.
fn bare(text: &str) -> Result<Point, PointError> {
    let looks_like_a_time = text.starts_with('-') && !text.starts_with("--") || text.get(..5).is_some_and(is_year);
    if looks_like_a_time || text.parse::<HumanDuration>().is_ok() {
        return Ok(Point::Time { time: text.parse()?, inclusive: true });
    }
    let is_word = |c: char| c.is_ascii_alphabetic() || c == '_';
    let meant = match text.split_once(|c: char| !is_word(c)) {
        None => word_meant(text).map(str::to_owned),
        Some((key, rest)) => suggest::nearest(key, KEYS).map(|near| format!("{near}={}", shortened(rest))),
    };
    let meant = meant
        .or_else(|| lsn_of(text).ok().map(|lsn| format!("lsn={}", lsn_text(lsn))))
        .or_else(|| xid_of(text).ok().map(|xid| format!("xid={xid}")));
    Err(PointError::NotAPoint { text: shortened(text), meant })
}

/// `2026-`
fn is_year(text: &str) -> bool {
    text.strip_suffix('-').is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The point that another word for it means.
fn word_meant(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "last" | "newest" | "end" | "now" => Some("latest"),
        "earliest" | "first" | "consistent" | "base" => Some("immediate"),
        _ => suggest::nearest(word, ["latest", "immediate"]),
    }
}

fn inclusive_of(text: &str) -> Result<bool, PointError> {
    match text.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
        Some(("inclusive", "true")) => Ok(true),
        Some(("inclusive", "false")) => Ok(false),
        Some(_) | None => Err(PointError::NotInclusive(shortened(text))),
    }
}

/// Reads an LSN as `pg_lsn` is written: `pg_lsn_in_internal` (utils/adt/pg_lsn.c, PostgreSQL 13 to 18) takes 1 to 8 digits on each
/// side.
fn lsn_of(text: &str) -> Result<u64, PointError> {
    let half = |digits: &str| -> Option<u64> {
        let fits = (1..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
    };
    let halves = text.split_once('/').and_then(|(high, low)| Some((half(high)?, half(low)?)));
    match halves.ok_or_else(|| PointError::NotAnLsn(shortened(text)))? {
        (0, 0) => Err(PointError::NoRecord(shortened(text))),
        (high, low) => Ok(high << 32 | low),
    }
}

/// `0/D3FEE38`
fn lsn_text(lsn: u64) -> String {
    format!("{:X}/{:X}", lsn >> 32, lsn & 0xFFFF_FFFF)
}

/// Reads a transaction as decimal, which PostgreSQL would take for an octal number where it begins with 0, and cut to 32 bits where
/// it is longer (`check_recovery_target_xid` in guc.c up to 14, xlogrecovery.c from 15 on).
fn xid_of(text: &str) -> Result<u32, PointError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let xid: u64 = match text.parse() {
        Ok(xid) if is_number => xid,
        Ok(_) | Err(_) => return Err(PointError::NotAnXid(shortened(text))),
    };
    match u32::try_from(xid) {
        Ok(xid) if xid < FIRST_XID => Err(PointError::NotOfAUser(xid)),
        Ok(xid) => Ok(xid),
        // The lower half always fits.
        Err(_) => Err(PointError::WithEpoch { xid, low: u32::try_from(xid & 0xFFFF_FFFF).unwrap_or_default() }),
    }
}

/// A restore point's name.
fn name_of(name: &str) -> Result<String, PointError> {
    match name {
        "" => Err(PointError::NoName),
        _ if name.contains(char::is_control) => Err(PointError::NotOneLine),
        _ if name.len() > MOST_NAME_BYTES => Err(PointError::NameTooLong(name.len())),
        _ => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::parse;

    fn point(text: &str) -> Result<Point, String> {
        text.parse().map_err(|error: PointError| error.to_string())
    }

    fn at(time: &str) -> PointTime {
        PointTime::At(time.parse().unwrap())
    }

    fn time(time: PointTime) -> Result<Point, String> {
        Ok(Point::Time { time, inclusive: true })
    }

    #[test]
    fn a_time_is_read_with_its_zone_however_it_is_written() {
        for text in [
            "2026-11-28T11:08:45Z",
            "2026-11-28 11:08:45+00",
            "2026-11-28 12:08:45+01:00",
            "2026-11-28 16:38:45+0530",
            "2026-11-28 11:08:45 UTC",
            "time=2026-11-28T11:08:45z",
            "time 2026-11-28 11:08:45+00",
            "  time = 2026-11-28 11:08:45+00 ",
        ] {
            assert_eq!(point(text), time(at("2026-11-28T11:08:45Z")), "{text}");
        }
    }

    #[test]
    fn a_time_is_kept_in_microseconds_as_postgresql_has_it() {
        assert_eq!(point("2026-11-28 11:08:45.6507906+00"), time(at("2026-11-28T11:08:45.650791Z")));
    }

    #[test]
    fn a_time_back_is_any_duration_with_a_minus() {
        let back = |minutes: u64| PointTime::Back(HumanDuration(std::time::Duration::from_secs(60 * minutes)));
        for (text, minutes) in [("-1h", 60), ("time=-1h", 60), ("-1h 30m", 90), ("time - 2 days", 2880)] {
            assert_eq!(point(text), time(back(minutes)), "{text}");
        }
    }

    #[test]
    fn each_kind_of_point_is_read_with_a_space_or_an_equals_sign() {
        let lsn = |inclusive| Ok(Point::Lsn { lsn: 0xD3F_EE38, inclusive });
        let xid = |inclusive| Ok(Point::Xid { xid: 11744, inclusive });
        assert_eq!((point("latest"), point(" immediate ")), (Ok(Point::Latest), Ok(Point::Immediate)));
        assert_eq!((point("lsn=0/D3FEE38"), point("lsn 0/d3fee38")), (lsn(true), lsn(true)));
        assert_eq!((point("xid=11744"), point("xid 11744, inclusive = false")), (xid(true), xid(false)));
        assert_eq!(point("lsn=0/D3FEE38,inclusive=true"), lsn(true));
        assert_eq!(point("lsn=16/B374D848"), Ok(Point::Lsn { lsn: 0x16_B374_D848, inclusive: true }));
        assert_eq!(point("name=drill_point"), Ok(Point::Name("drill_point".into())));
        assert_eq!(point("name the 3rd, inclusive=false"), Ok(Point::Name("the 3rd, inclusive=false".into())));
        let before = PointTime::At("2026-11-28T11:08:45Z".parse().unwrap());
        assert_eq!(
            point("time=2026-11-28T11:08:45Z,inclusive=false"),
            Ok(Point::Time { time: before, inclusive: false })
        );
    }

    #[test]
    fn what_is_no_point_is_refused_with_what_to_write() {
        for (text, said) in [
            ("last", "`last` is no point to recover to; did you mean `latest`? write `latest`, `immediate`, `-1h`, "),
            ("Latest", "did you mean `latest`?"),
            ("imediate", "did you mean `immediate`?"),
            ("tme=2026-11-28T11:08:45Z", "did you mean `time=2026-11-28T11:08:45Z`?"),
            ("0/D3FEE38", "did you mean `lsn=0/D3FEE38`?"),
            ("11744", "did you mean `xid=11744`?"),
            ("", "`` is no point to recover to; write `latest`"),
            ("yesterday", "`yesterday` is no point to recover to; write "),
            ("time=yesterday", "`yesterday` is no time; write it like `2026-11-28T11:08:45Z`"),
            ("time=now", "`now` is no time"),
            (
                "2026-11-28 11:08:45",
                "`2026-11-28 11:08:45` has no time zone, and without one it is another moment on every",
            ),
            ("time=2026-11-28", "`2026-11-28` has no time zone"),
            ("2026-13-28T11:08:45Z", "`2026-13-28T11:08:45Z` is no time"),
            ("2026-11-28 11:08:45 CET", "`2026-11-28 11:08:45 CET` is no time"),
            ("1h", "`1h` would be after the last commit that can be recovered; write `-1h`"),
            ("time=1h ago", "is no time"),
            ("-1", "`1` has no unit; write it like `1s` or `1m`"),
            ("--1h", "`--1h` is no point to recover to; write "),
            ("-0s", "`-0s` is the last commit itself; write `latest`"),
            ("lsn=D3FEE38", "`D3FEE38` is no LSN; write it like `0/D3FEE38`"),
            ("lsn=0/123456789", "is no LSN"),
            ("lsn=0/0", "`0/0` is no LSN of a record in WAL"),
            ("xid=0x2de0", "`0x2de0` is no transaction"),
            ("xid=-4", "`-4` is no transaction"),
            ("xid=2", "transaction 2 is none that commits; those of users begin with 3"),
            (
                "xid=4294979040",
                "transaction 4294979040 is one with its epoch; WAL has the lower 32 bits of it: write `11744`",
            ),
            ("name=", "a restore point needs a name"),
            ("name=a\nb", "is one line of text"),
            (&format!("name={}", "x".repeat(64)), "has at most 63 bytes, and this one has 64"),
            (
                "xid=11744,exclusive",
                "`exclusive` says nothing of inclusive: write `inclusive=true` or `inclusive=false`",
            ),
        ] {
            let refused = point(text).unwrap_err();
            assert!(refused.contains(said), "{text}: {refused}");
        }
        assert!(point(&format!("name={}", "ü".repeat(31))).is_ok(), "62 bytes");
    }

    #[test]
    fn a_label_is_short_and_can_name_a_file() {
        for (text, label) in [
            ("latest", "latest"),
            ("immediate", "immediate"),
            ("-1h", "time-1h"),
            ("2026-11-28 11:08:45+00", "2026-11-28T11-08-45Z"),
            ("lsn=0/D3FEE38", "lsn-0-D3FEE38"),
            ("xid=11744", "xid-11744"),
            ("xid=11744,inclusive=false", "xid-11744-exclusive"),
            ("name=drill_point", "name-drill_point"),
            ("name=../before the 3rd", "name-..-before-the-3rd"),
        ] {
            assert_eq!(point(text).unwrap().label(), label, "{text}");
        }
    }

    fn any_point() -> impl Strategy<Value = Point> {
        // Year 1 to 9999.
        let at = (-62_135_596_800_000_000_i64..253_370_764_800_000_000)
            .prop_map(|micros| PointTime::At(Timestamp::from_microsecond(micros).unwrap()));
        let back =
            (1_u32..).prop_map(|secs| PointTime::Back(HumanDuration(std::time::Duration::from_secs(u64::from(secs)))));
        prop_oneof![
            Just(Point::Latest),
            Just(Point::Immediate),
            (prop_oneof![at, back], any::<bool>()).prop_map(|(time, inclusive)| Point::Time { time, inclusive }),
            (1_u64.., any::<bool>()).prop_map(|(lsn, inclusive)| Point::Lsn { lsn, inclusive }),
            (FIRST_XID.., any::<bool>()).prop_map(|(xid, inclusive)| Point::Xid { xid, inclusive }),
            "[^\\pC]{1,15}".prop_map(Point::Name),
        ]
    }

    proptest! {
        #[test]
        fn a_printed_point_reads_back(wanted in any_point()) {
            prop_assert_eq!(point(&wanted.to_string()), Ok(wanted));
        }

        #[test]
        fn a_point_of_a_profile_reads_back(wanted in any_point()) {
            let text = super::super::to_text(&serde_json::json!({
                "name": "x", "postgres": 17, "recovery": {"to": [&wanted]}
            })).unwrap();
            prop_assert_eq!(parse(&text, "x.yaml").unwrap().recovery.to, vec![wanted]);
        }

        #[test]
        fn reading_a_point_never_panics(text in "(time|lsn|xid|name|-)?[ =-]{0,2}\\PC{0,30}") {
            let _ = point(&text);
        }
    }
}

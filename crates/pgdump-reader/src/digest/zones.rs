//! Times with a zone, as text.
//!
//! pg_dump leaves TimeZone as the server has it, so a dump of a server in Berlin holds `2024-07-01 14:00:00+02` where a
//! server in UTC writes `2024-07-01 12:00:00+00` for the same moment. Here the first becomes the second.

/// Writes `field` to `out`, with every moment in it in UTC. Whatever else it holds (the braces of an array, the bounds of
/// a range, `infinity`) stays as it is.
///
/// The form is that of EncodeDateTime with USE_ISO_DATES and EncodeTimezone in src/backend/utils/adt/datetime.c
/// (PostgreSQL 13 to 18): `2024-07-01 14:00:00.25+05:30`, with ` BC` last.
pub(super) fn to_utc(field: &[u8], out: &mut Vec<u8>) {
    let mut rest = field;
    while let Some(colon) = memchr::memchr(b':', rest) {
        // A moment has its first colon after the hour.
        match Moment::around(rest, colon) {
            Some((moment, start, end)) => {
                out.extend_from_slice(&rest[..start]);
                moment.write_utc(out);
                rest = &rest[end..];
            }
            None => {
                out.extend_from_slice(&rest[..=colon]);
                rest = &rest[colon + 1..];
            }
        }
    }
    out.extend_from_slice(rest);
}

struct Moment<'a> {
    /// Before Christ, 0 is the year 1 BC.
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
    /// `.25`, or nothing.
    fraction: &'a [u8],
    /// Seconds east of UTC.
    offset: i64,
}

impl<'a> Moment<'a> {
    /// The moment whose hour ends at this colon, with where its text begins and ends.
    fn around(text: &'a [u8], colon: usize) -> Option<(Self, usize, usize)> {
        // `-07-01 14` stands before the colon, and a year before that.
        let before = text.get(colon.checked_sub(9)?..colon)?;
        if before[0] != b'-' || before[3] != b'-' || before[6] != b' ' {
            return None;
        }
        let (month, day, hour) = (two(&before[1..3])?, two(&before[4..6])?, two(&before[7..9])?);
        let digits = text[..colon - 9].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        // timestamptz ends in the year 294276.
        if !(4..=6).contains(&digits) {
            return None;
        }
        let start = colon - 9 - digits;
        let mut year = number(&text[start..colon - 9])?;
        let minute = two(text.get(colon + 1..colon + 3)?)?;
        if text.get(colon + 3) != Some(&b':') {
            return None;
        }
        let second = two(text.get(colon + 4..colon + 6)?)?;
        let mut end = colon + 6;
        let fraction_start = end;
        if text.get(end) == Some(&b'.') {
            end += 1 + text[end + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        }
        let fraction = &text[fraction_start..end];
        let sign = match text.get(end)? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        end += 1;
        let mut offset = two(text.get(end..end + 2)?)? * 3600;
        end += 2;
        for unit in [60, 1] {
            if text.get(end) == Some(&b':')
                && let Some(value) = text.get(end + 1..end + 3).and_then(two)
            {
                offset += value * unit;
                end += 3;
            } else {
                break;
            }
        }
        if text[end..].starts_with(b" BC") {
            year = 1 - year;
            end += 3;
        }
        let second_of_day = hour * 3600 + minute * 60 + second;
        Some((Self { year, month, day, second_of_day, fraction, offset: sign * offset }, start, end))
    }

    fn write_utc(&self, out: &mut Vec<u8>) {
        let seconds = days(self.year, self.month, self.day) * 86_400 + self.second_of_day - self.offset;
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        let (shown, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
        let text =
            format!("{shown:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(self.fraction);
        out.extend_from_slice(b"+00");
        out.extend_from_slice(era.as_bytes());
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

fn two(digits: &[u8]) -> Option<i64> {
    (digits.len() == 2).then(|| number(digits))?
}

/// Days since 1970-01-01 in the Gregorian calendar without a beginning, which is PostgreSQL's: a cycle of 400 years has
/// 146 097 days, and a year is taken to begin in March so that the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    cycle * 146_097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719_468
}

/// The other way round.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (cycle, of_cycle) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_cycle = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (cycle * 400 + year_of_cycle + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> String {
        let mut out = Vec::new();
        to_utc(text.as_bytes(), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_moment_is_moved_to_utc() {
        assert_eq!(utc("2024-07-01 14:00:00+02"), "2024-07-01 12:00:00+00");
        assert_eq!(utc("2024-01-01 00:30:00.25+05:30"), "2023-12-31 19:00:00.25+00");
        assert_eq!(utc("2024-02-28 23:59:59.999999-08"), "2024-02-29 07:59:59.999999+00");
        assert_eq!(utc("1883-11-18 12:03:57-07:52:58"), "1883-11-18 19:56:55+00");
        assert_eq!(utc("0001-01-01 00:30:00+01 BC"), "0002-12-31 23:30:00+00 BC");
        assert_eq!(utc("0001-01-01 00:30:00+01"), "0001-12-31 23:30:00+00 BC");
        assert_eq!(utc("294276-12-31 23:59:59+00"), "294276-12-31 23:59:59+00");
        assert_eq!(utc("4714-11-24 01:00:00+01 BC"), "4714-11-24 00:00:00+00 BC");
    }

    #[test]
    fn what_is_no_moment_stays() {
        for text in [
            "infinity",
            "",
            "12:30:00+02",
            "2024-07-01",
            "2024-07-01 14:00:00",
            "a:b",
            ":",
            "1:2:3",
            "-07-01 14:00:00+02",
        ] {
            assert_eq!(utc(text), text);
        }
    }

    #[test]
    fn moments_inside_arrays_and_ranges_are_moved() {
        assert_eq!(
            utc(r#"{"2024-07-01 14:00:00+02",NULL,"2024-01-01 01:00:00+01"}"#),
            r#"{"2024-07-01 12:00:00+00",NULL,"2024-01-01 00:00:00+00"}"#
        );
        assert_eq!(utc(r#"["2024-07-01 14:00:00+02",)"#), r#"["2024-07-01 12:00:00+00",)"#);
    }

    #[test]
    fn every_day_of_a_cycle_is_itself_again() {
        for day in -800_000..800_000 {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
        }
    }
}

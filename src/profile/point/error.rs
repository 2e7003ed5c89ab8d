//! Why a text is no point to recover to.

/// Each says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    #[error(
        "`{text}` is no point to recover to; {}write `latest`, `immediate`, `-1h`, `time=2026-11-28T11:08:45Z`, \
         `lsn=0/D3FEE38`, `xid=11744` or `name=RESTORE_POINT`",
        meant.as_ref().map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default()
    )]
    NotAPoint { text: String, meant: Option<String> },
    #[error(
        "`{0}` is no time; write it like `2026-11-28T11:08:45Z` or `2026-11-28 11:08:45+00`, or like `-1h`: so long \
             before the last commit that can be recovered"
    )]
    NotATime(String),
    #[error(
        "`{0}` has no time zone, and without one it is another moment on every machine; write it like \
             `2026-11-28 11:08:45+00`, with the zone as hours and minutes from UTC"
    )]
    NoZone(String),
    #[error("`{0}` would be after the last commit that can be recovered; write `-{0}` for so long before it")]
    NotBack(String),
    #[error("`-{0}` is not so long before the last commit: {1}")]
    NotADuration(String, super::super::units::UnitError),
    #[error("`-{0}` is the last commit itself; write `latest`")]
    NoTimeBack(String),
    #[error("`{0}` is no LSN; write it like `0/D3FEE38`: two hexadecimal numbers of at most 8 digits")]
    NotAnLsn(String),
    #[error("`{0}` is no LSN of a record in WAL")]
    NoRecord(String),
    #[error("`{0}` is no transaction; write its number, such as `11744`")]
    NotAnXid(String),
    #[error("transaction {xid} is one with its epoch; WAL has the lower 32 bits of it: write `{low}`")]
    WithEpoch { xid: u64, low: u32 },
    #[error("transaction {0} is none that commits; those of users begin with 3")]
    NotOfAUser(u32),
    #[error("a restore point needs a name")]
    NoName,
    #[error("the name of a restore point is one line of text")]
    NotOneLine,
    #[error("the name of a restore point has at most {most} bytes, and this one has {0}", most = super::MOST_NAME_BYTES)]
    NameTooLong(usize),
    #[error("`{0}` says nothing of inclusive: write `inclusive=true` or `inclusive=false`")]
    NotInclusive(String),
}

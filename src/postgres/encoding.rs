//! PostgreSQL's character encodings by name, as `pg_char_to_encoding` finds them (src/common/encnames.c, PostgreSQL 17).

/// What a name of an encoding stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// A database can have it; the name that PostgreSQL prints.
    Server(&'static str),
    /// Only a client can have it.
    ClientOnly(&'static str),
}

/// Finds an encoding as PostgreSQL does: case and everything but letters and digits do not count.
pub fn find(name: &str) -> Option<Encoding> {
    let clean: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let (server, client) = (lookup(SERVER, &clean), lookup(CLIENT_ONLY, &clean));
    server.map(Encoding::Server).or(client.map(Encoding::ClientOnly))
}

/// PostgreSQL compares encoding names without case and punctuation (`clean_encoding_name`, `encnames.c`).
pub fn normal_encoding(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
}

/// The names of all encodings that a database can have, for proposals.
pub fn server_names() -> impl Iterator<Item = &'static str> {
    SERVER.iter().map(|(name, _)| *name)
}

fn lookup(table: &[(&'static str, &[&str])], clean: &str) -> Option<&'static str> {
    table.iter().find(|(_, spellings)| spellings.contains(&clean)).map(|(name, _)| *name)
}

const SERVER: &[(&str, &[&str])] = &[
    ("SQL_ASCII", &["sqlascii"]),
    ("EUC_CN", &["euccn"]),
    ("EUC_JIS_2004", &["eucjis2004"]),
    ("EUC_JP", &["eucjp"]),
    ("EUC_KR", &["euckr"]),
    ("EUC_TW", &["euctw"]),
    ("ISO_8859_5", &["iso88595"]),
    ("ISO_8859_6", &["iso88596"]),
    ("ISO_8859_7", &["iso88597"]),
    ("ISO_8859_8", &["iso88598"]),
    ("KOI8R", &["koi8", "koi8r"]),
    ("KOI8U", &["koi8u"]),
    ("LATIN1", &["latin1", "iso88591"]),
    ("LATIN2", &["latin2", "iso88592"]),
    ("LATIN3", &["latin3", "iso88593"]),
    ("LATIN4", &["latin4", "iso88594"]),
    ("LATIN5", &["latin5", "iso88599"]),
    ("LATIN6", &["latin6", "iso885910"]),
    ("LATIN7", &["latin7", "iso885913"]),
    ("LATIN8", &["latin8", "iso885914"]),
    ("LATIN9", &["latin9", "iso885915"]),
    ("LATIN10", &["latin10", "iso885916"]),
    ("MULE_INTERNAL", &["muleinternal"]),
    ("UTF8", &["utf8", "unicode"]),
    ("WIN866", &["win866", "windows866", "alt"]),
    ("WIN874", &["win874", "windows874"]),
    ("WIN1250", &["win1250", "windows1250"]),
    ("WIN1251", &["win1251", "windows1251", "win"]),
    ("WIN1252", &["win1252", "windows1252"]),
    ("WIN1253", &["win1253", "windows1253"]),
    ("WIN1254", &["win1254", "windows1254"]),
    ("WIN1255", &["win1255", "windows1255"]),
    ("WIN1256", &["win1256", "windows1256"]),
    ("WIN1257", &["win1257", "windows1257"]),
    ("WIN1258", &["win1258", "windows1258", "abc", "tcvn", "tcvn5712", "vscii"]),
];

const CLIENT_ONLY: &[(&str, &[&str])] = &[
    ("BIG5", &["big5", "win950", "windows950"]),
    ("GB18030", &["gb18030"]),
    ("GBK", &["gbk", "win936", "windows936"]),
    ("JOHAB", &["johab"]),
    ("SHIFT_JIS_2004", &["shiftjis2004"]),
    ("SJIS", &["sjis", "shiftjis", "mskanji", "win932", "windows932"]),
    ("UHC", &["uhc", "win949", "windows949"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_spelling_that_postgresql_takes() {
        for name in ["UTF8", "utf-8", "Unicode", "U_T_F 8"] {
            assert_eq!(find(name), Some(Encoding::Server("UTF8")), "{name}");
        }
        assert_eq!(find("LATIN-1"), Some(Encoding::Server("LATIN1")));
        assert_eq!(find("ISO-8859-1"), Some(Encoding::Server("LATIN1")));
        assert_eq!(find("iso_8859_15"), Some(Encoding::Server("LATIN9")));
        assert_eq!(find("sql_ascii"), Some(Encoding::Server("SQL_ASCII")));
    }

    #[test]
    fn client_encodings_are_no_server_encodings() {
        assert_eq!(find("Shift_JIS"), Some(Encoding::ClientOnly("SJIS")));
        assert_eq!(find("GB18030"), Some(Encoding::ClientOnly("GB18030")));
    }

    #[test]
    fn other_names_are_not_found() {
        for name in ["", "---", "UTF16", "LATIN11", "ASCII"] {
            assert_eq!(find(name), None, "{name}");
        }
    }

    #[test]
    fn every_name_finds_itself() {
        for name in server_names() {
            assert_eq!(find(name), Some(Encoding::Server(name)));
        }
    }
}

//! Reading variables, and saying what is wrong with them.

use std::{collections::BTreeMap, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use url::Url;

/// A snapshot of the environment.
#[derive(Clone, Default)]
pub struct Vars(BTreeMap<String, String>);

impl Vars {
    /// The environment of this process. Empty variables count as absent.
    pub fn process() -> Self {
        Self::from_pairs(std::env::vars())
    }

    /// These variables and no others.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            pairs
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    /// The same, with `defaults` for what is absent.
    #[must_use]
    pub fn or(mut self, defaults: &Self) -> Self {
        for (name, value) in &defaults.0 {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// The value of a variable.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Names and values that start with `prefix`, the prefix cut off.
    pub fn under(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }
}

impl fmt::Debug for Vars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable.
    pub name: String,
    /// What is wrong with it; never its value.
    pub reason: String,
}

/// Everything that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError(pub Vec<Problem>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings are missing or wrong:")?;
        for Problem { name, reason } in &self.0 {
            write!(f, " {name} {reason};")?;
        }
        Ok(())
    }
}

/// Reads variables and remembers what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    vars: &'a Vars,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// Reads from these.
    pub const fn new(vars: &'a Vars) -> Self {
        Self {
            vars,
            problems: Vec::new(),
        }
    }

    /// The variables themselves.
    pub const fn vars(&self) -> &'a Vars {
        self.vars
    }

    /// Notes that something is wrong.
    pub fn wrong(&mut self, name: impl Into<String>, reason: impl fmt::Display) {
        self.problems.push(Problem {
            name: name.into(),
            reason: reason.to_string(),
        });
    }

    /// A variable that may be absent.
    pub fn optional<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let text = self.vars.find(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(name, format_args!("cannot be read: {error}"));
                None
            }
        }
    }

    /// A variable with a default.
    pub fn with_default<T>(&mut self, name: &str, default: T) -> T
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.optional(name).unwrap_or(default)
    }

    /// A variable that must be there. When it is not, a stand-in goes on and [`finish`](Self::finish) fails.
    pub fn required<T>(&mut self, name: &str, stand_in: T) -> T
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        if self.vars.find(name).is_none() {
            self.wrong(name, "is missing");
        }
        self.optional(name).unwrap_or(stand_in)
    }

    /// An address that must be there.
    pub fn url(&mut self, name: &str) -> Url {
        let stand_in = Url::parse("https://missing.invalid");
        self.required(name, stand_in.expect("a constant address parses"))
    }

    /// A secret text that must be there.
    pub fn secret(&mut self, name: &str) -> SecretString {
        self.required(name, String::new()).into()
    }

    /// A secret of exactly 32 bytes, in base64 or as 64 hexadecimal digits, which must be there.
    ///
    /// Secrets Manager can make the digits by itself. No text is both: 64 characters of base64 are
    /// 48 bytes.
    pub fn key(&mut self, name: &str) -> Vec<u8> {
        let Some(text) = self.vars.find(name) else {
            self.wrong(
                name,
                "is missing; it is 32 random bytes in base64 (openssl rand -base64 32)",
            );
            return Vec::new();
        };
        if let Some(key) = hexadecimal(text) {
            return key;
        }
        match STANDARD.decode(text) {
            Ok(key) if key.len() == 32 => key,
            Ok(key) => {
                self.wrong(
                    name,
                    format_args!("holds {} bytes; it must hold 32", key.len()),
                );
                Vec::new()
            }
            Err(_) => {
                self.wrong(name, "is neither base64 nor 64 hexadecimal digits");
                Vec::new()
            }
        }
    }

    /// `value` when nothing was wrong.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn finish<T>(self, value: T) -> Result<T, SettingsError> {
        if self.problems.is_empty() {
            Ok(value)
        } else {
            Err(SettingsError(self.problems))
        }
    }
}

/// 64 hexadecimal digits as the 32 bytes that they are.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let pairs = digits.chunks_exact(2);
    Some(pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Vec<u8>, SettingsError> {
        let vars = Vars::from_pairs([("KEY".to_owned(), text.to_owned())]);
        let mut reader = Reader::new(&vars);
        let key = reader.key("KEY");
        reader.finish(key)
    }

    #[test]
    fn a_key_is_the_same_in_base64_and_in_hexadecimal_digits() {
        let bytes: Vec<u8> = (0..32).map(|n| n * 7 + 3).collect();
        let digits = hex::encode(&bytes);
        for text in [
            STANDARD.encode(&bytes),
            digits.clone(),
            digits.to_uppercase(),
        ] {
            assert_eq!(key(&text).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn what_is_not_32_bytes_is_no_key_and_is_not_shown() {
        let digits = "0123456789abcdef".repeat(4);
        for text in [
            &digits[1..],
            &format!("{digits}0"),
            &digits.replace('a', "g"),
            "c2hvcnQ=",
        ] {
            let told = key(text).unwrap_err().to_string();
            assert!(told.contains("KEY") && !told.contains(text), "{told}");
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once_and_no_value_is_shown() {
        let vars = Vars::from_pairs([("PORT".to_owned(), "hunter2".to_owned())]);
        let mut reader = Reader::new(&vars);
        let _: u16 = reader.required("PORT", 1);
        let _: String = reader.required("DATABASE_URL", String::new());
        let error = reader.finish(()).unwrap_err();
        assert_eq!(error.0.len(), 2);
        let text = error.to_string();
        assert!(
            text.contains("PORT") && text.contains("DATABASE_URL is missing"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

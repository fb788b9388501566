//! An address and a password, as they were typed.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::ValidateEmail as _;
use web::Problem;
use zxcvbn::{Score, zxcvbn};

const SHORTEST: usize = 8;
const LONGEST_BYTES: usize = 1024;

/// An address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// An e-mail address; upper and lower case are the same.
    #[schema(example = "you@example.com")]
    email: String,
    /// A password, kept exactly as typed.
    #[schema(value_type = String, format = Password)]
    pub(crate) password: SecretString,
}

impl Credentials {
    /// The address in lower case, if it can be one.
    pub(crate) fn email(&self) -> Result<String, Problem> {
        let email = self.email.trim().to_lowercase();
        if email.len() <= 254 && email.validate_email() {
            return Ok(email);
        }
        Err(Problem::field(
            "email",
            "invalid_email",
            "is not an e-mail address",
            "Write it as name@example.com.",
        ))
    }

    /// Holds a new password against the rules: 8 characters to 1,024 bytes, and hard to guess
    /// (zxcvbn 3 of 4). There are no rules of composition.
    pub(crate) fn check_new_password(&self) -> Result<(), Problem> {
        let password = self.password.expose_secret();
        if password.chars().count() < SHORTEST {
            return Err(Problem::field(
                "password",
                "password_too_short",
                format!("has fewer than {SHORTEST} characters"),
                "Use a longer one; several words are easy to keep in mind.",
            ));
        }
        if password.len() > LONGEST_BYTES {
            return Err(Problem::field(
                "password",
                "password_too_long",
                format!("has more than {LONGEST_BYTES} bytes"),
                "Use a shorter one.",
            ));
        }
        let guess = zxcvbn(password, &[self.email.as_str(), "picscripter"]);
        if guess.score() < Score::Three {
            let hints: Vec<String> = guess
                .feedback()
                .map(|feedback| {
                    feedback
                        .suggestions()
                        .iter()
                        .map(ToString::to_string)
                        .collect()
                })
                .unwrap_or_default();
            return Err(Problem::field(
                "password",
                "password_guessable",
                "is too easy to guess",
                if hints.is_empty() {
                    "Use several uncommon words.".to_owned()
                } else {
                    hints.join(" ")
                },
            ));
        }
        Ok(())
    }
}

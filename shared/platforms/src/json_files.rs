//! JSON that carries files: their bytes stand in it in base64.

use serde_json::Value;

use crate::FileRange;

/// A piece of a JSON text that carries files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonPiece {
    /// Bytes of a file, in base64 (RFC 4648, 4).
    File(FileRange),
    /// A text, as it is.
    Text(String),
}

/// The text of `json` in pieces, in order: a file stands as a string at its JSON pointer, whatever stands there.
pub fn json_pieces(json: &Value, files: &[(String, FileRange)]) -> Vec<JsonPiece> {
    let mut pieces = Vec::new();
    write(json, "", files, &mut pieces);
    pieces
}

fn write(value: &Value, pointer: &str, files: &[(String, FileRange)], pieces: &mut Vec<JsonPiece>) {
    if let Some((_, file)) = files.iter().find(|(place, _)| place == pointer) {
        text("\"", pieces);
        pieces.push(JsonPiece::File(file.clone()));
        text("\"", pieces);
        return;
    }
    match value {
        Value::Array(items) => {
            text("[", pieces);
            for (number, item) in items.iter().enumerate() {
                text(if number == 0 { "" } else { "," }, pieces);
                write(item, &format!("{pointer}/{number}"), files, pieces);
            }
            text("]", pieces);
        }
        Value::Object(fields) => {
            text("{", pieces);
            for (number, (name, field)) in fields.iter().enumerate() {
                text(if number == 0 { "" } else { "," }, pieces);
                text(&format!("{}:", Value::from(name.as_str())), pieces);
                write(field, &format!("{pointer}/{name}"), files, pieces);
            }
            text("}", pieces);
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {
            text(&value.to_string(), pieces);
        }
    }
}

fn text(more: &str, pieces: &mut Vec<JsonPiece>) {
    match pieces.last_mut() {
        Some(JsonPiece::Text(text)) => text.push_str(more),
        Some(JsonPiece::File(_)) | None => pieces.push(JsonPiece::Text(more.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn without_files_it_is_the_same_text() {
        let json = json!({"a": [1, null, {"b": "\"\u{0}é"}, []], "": {}, "c\"": true});
        let whole = JsonPiece::Text(json.to_string());
        assert_eq!(json_pieces(&json, &[]), [whole]);
    }

    #[test]
    fn files_stand_at_their_places_and_nowhere_else() {
        let json = json!({"items": [{"data": null, "title": "/items/0/data"}, {"data": null}]});
        let file = |asset| FileRange { asset, range: 0..7 };
        let files = [
            ("/items/1/data".to_owned(), file(1)),
            ("/items/0/data".to_owned(), file(0)),
        ];
        let text = |text: &str| JsonPiece::Text(text.to_owned());
        let pieces = [
            text(r#"{"items":[{"data":""#),
            JsonPiece::File(file(0)),
            text(r#"","title":"/items/0/data"},{"data":""#),
            JsonPiece::File(file(1)),
            text(r#""}]}"#),
        ];
        assert_eq!(json_pieces(&json, &files), pieces);
    }
}

//! The events that Lambda sends.

use serde_json::{Map, Value, json};

/// A request as API Gateway hands it on, in its format 2.0:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html> (read 2026-11-28)
pub fn request(method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parameters: Map<String, Value> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let mut headers = json!({ "host": "api.example.com", "x-forwarded-for": "203.0.113.7" });
    if let Some(token) = token {
        headers["authorization"] = format!("Bearer {token}").into();
    }
    if body.is_some() {
        headers["content-type"] = "application/json".into();
    }
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {path}"),
        "rawPath": path,
        "rawQueryString": query,
        "queryStringParameters": parameters,
        "headers": headers,
        "requestContext": {
            "accountId": "111122223333",
            "apiId": "a1b2c3",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "test" },
            "requestId": "request-1",
            "routeKey": format!("{method} {path}"),
            "stage": "$default",
            "time": "28/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_867_200_000_u64,
        },
        "body": body.map(Value::to_string),
        "isBase64Encoded": false,
    })
}

/// Messages of a queue, named `message-0` and so on.
pub fn messages<'a>(bodies: impl IntoIterator<Item = &'a str>) -> Value {
    let records = bodies.into_iter().enumerate().map(|(number, body)| {
        json!({
            "messageId": format!("message-{number}"),
            "receiptHandle": format!("handle-{number}"),
            "body": body,
            "attributes": { "ApproximateReceiveCount": "1", "SentTimestamp": "1795867200000", "SenderId": "sender", "ApproximateFirstReceiveTimestamp": "1795867200001" },
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:scheduled",
            "awsRegion": "us-east-1",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// An event that a function can answer without anything having happened before.
pub fn first(function: &str) -> Value {
    match function {
        "auth" => request("GET", "/api/me", None, None),
        "connections" => request("GET", "/api/connections", None, None),
        "migrate" | "sweeper" => json!({}),
        "ops" => request("GET", "/readyz", None, None),
        "posts" => request("GET", "/api/posts", None, None),
        "publisher" => messages(["nothing that anybody knows"]),
        "webhooks" => request("GET", "/api/webhooks/x", None, None),
        _ => panic!("say here what {function} is asked first"),
    }
}

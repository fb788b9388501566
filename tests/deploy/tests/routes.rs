//! One table of routes.

use deploy::{Code, Template, routes};

#[test]
fn the_template_routes_what_the_code_answers_and_nothing_else() {
    let (code, mut template) = (Code::of_project(), Template::of_project());
    let answered = routes::of_code(&code);
    assert_eq!(routes::of_template(&template), answered);
    assert!(answered.len() >= 27, "{} were found", answered.len());

    template.spoil("RouteGetPosts")["Properties"]["Target"]["Fn::Sub"] =
        "integrations/${OpsIntegration}".into();
    assert_ne!(routes::of_template(&template), answered);
    template.0["Resources"]
        .as_object_mut()
        .unwrap()
        .remove("RouteGetPosts");
    assert_ne!(routes::of_template(&template), answered);
}

#[test]
fn nothing_catches_what_has_no_route() {
    let template = Template::of_project();
    for route in routes::of_template(&template) {
        assert!(
            route.path.starts_with('/') && route.method != "ANY",
            "{route:?}"
        );
        assert!(
            !route.path.contains('+') && !route.path.contains('*'),
            "{route:?}"
        );
    }
}

#[test]
fn cargo_lambda_watch_routes_as_the_template_does() {
    assert_eq!(
        routes::of_watch(),
        routes::of_template(&Template::of_project())
    );
}

#[test]
fn what_is_described_is_answered() {
    let answered: std::collections::BTreeSet<_> = routes::of_code(&Code::of_project())
        .into_iter()
        .map(|route| (route.path, route.method))
        .collect();
    let undescribed: Vec<_> = answered
        .difference(&routes::of_description())
        .cloned()
        .collect();
    let pages = ["/", "/docs", "/openapi.json"].map(|path| (path.to_owned(), "GET".to_owned()));
    assert_eq!(undescribed, pages);
    assert!(routes::of_description().is_subset(&answered));
}

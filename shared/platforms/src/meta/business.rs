//! Pages that a person reaches through a business alone, which the list of their own Pages does not hold.
//!
//! Seen in other clients of the Graph API, not documented for a consent. So whatever fails here is left
//! out, and the consent goes on with what was found.

use std::collections::VecDeque;

use super::{
    Listed, Page, WithId,
    connect::{Consent, Step, Token, ask_page_token, authorised, list_url},
    graph,
};
use crate::{Answer, App, Call};

/// What a person must have allowed for it.
const SCOPE: &str = "business_management";
/// What a business may hold.
const EDGES: [&str; 2] = ["owned_pages", "client_pages"];
/// So many calls the search takes at most: the person waits for it.
const MAX_CALLS: usize = 25;
/// So many calls list Pages in all, those of the person's own among them: a conversation is cut off at
/// some length, and nothing would come of it then.
const MAX_IN_ALL: usize = 40;

/// A search among businesses.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    found: Consent,
    /// What is still to be asked; the first is next.
    asks: VecDeque<Ask>,
    /// How many calls it may still take.
    left: usize,
}

/// One question of the search.
#[derive(Debug, Clone)]
enum Ask {
    /// The next businesses.
    Businesses { after: Option<String> },
    /// The next Pages of a business.
    Pages {
        business: String,
        edge: &'static str,
        after: Option<String>,
    },
    /// The token of a Page that was listed without one.
    Token(Page),
}

/// The search for more Pages than were `found` in `read` lists; there is none where it was not allowed.
pub(super) fn search(found: Consent, read: usize) -> Step {
    let is_allowed = found.scopes.iter().any(|scope| scope == SCOPE);
    let first = is_allowed.then_some(Ask::Businesses { after: None });
    let search = Search {
        found,
        asks: first.into_iter().collect(),
        left: MAX_CALLS.min(MAX_IN_ALL.saturating_sub(read)),
    };
    search.step()
}

impl Search {
    fn step(self) -> Step {
        if self.asks.is_empty() || self.left == 0 {
            self.end()
        } else {
            Step::Search(self)
        }
    }

    /// What is known so far.
    pub(super) const fn found(&self) -> &Consent {
        &self.found
    }

    /// What comes next; `fields` is what is asked of each Page.
    pub(super) fn next(&self, app: &App, fields: &str) -> Option<Call> {
        let user = &self.found.user;
        let call = match self.asks.front()? {
            Ask::Businesses { after } => {
                let url = graph(app, &["me", "businesses"]);
                let url = list_url(url, "id", after.as_deref());
                authorised("list_businesses", url, user)
            }
            Ask::Pages {
                business,
                edge,
                after,
            } => {
                let url = list_url(graph(app, &[business, edge]), fields, after.as_deref());
                authorised("list_business_pages", url, user)
            }
            Ask::Token(page) => ask_page_token(&page.id, app, user),
        };
        Some(call.optional())
    }

    /// The step after an answer.
    pub(super) fn after(mut self, answer: &Answer) -> Step {
        if answer.is_server_error() {
            return self.end();
        }
        self.left = self.left.saturating_sub(1);
        if let Some(ask) = self.asks.pop_front()
            && answer.is_success()
        {
            self.read(ask, answer);
        }
        self.step()
    }

    /// The step where nothing more is to be had: a network in trouble is not kept busy.
    pub(super) fn end(self) -> Step {
        Step::Done(Box::new(self.found))
    }

    fn read(&mut self, ask: Ask, answer: &Answer) {
        match ask {
            Ask::Businesses { .. } => {
                let Some(listed) = answer.json::<Listed<WithId>>() else {
                    return;
                };
                let more = listed
                    .after()
                    .map(|after| Ask::Businesses { after: Some(after) });
                for business in listed.data {
                    self.asks.extend(EDGES.map(|edge| Ask::Pages {
                        business: business.id.clone(),
                        edge,
                        after: None,
                    }));
                }
                self.asks.extend(more);
            }
            Ask::Pages { business, edge, .. } => {
                let Some(listed) = answer.json::<Listed<Page>>() else {
                    return;
                };
                if let Some(after) = listed.after() {
                    let after = Some(after);
                    self.asks.push_front(Ask::Pages {
                        business,
                        edge,
                        after,
                    });
                }
                listed.data.into_iter().for_each(|page| self.add(page));
            }
            Ask::Token(mut page) => {
                let token = answer.json::<Token>();
                page.access_token = token.map(|token| token.access_token);
                self.found.pages.push(page);
            }
        }
    }

    /// Takes a Page that is not known yet, and may be posted to.
    fn add(&mut self, page: Page) {
        let is_asked = |ask: &Ask| matches!(ask, Ask::Token(asked) if asked.id == page.id);
        let is_known = self.found.pages.iter().any(|known| known.id == page.id);
        if is_known || self.asks.iter().any(is_asked) || !page.may_be_posted_to() {
            return;
        }
        if page.access_token.is_some() {
            self.found.pages.push(page);
        } else {
            self.asks.push_front(Ask::Token(page));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http::HeaderMap;
    use secrecy::SecretString;
    use serde_json::{Value, json};

    use super::*;

    fn app() -> App {
        App {
            client_id: "client".to_owned(),
            client_secret: SecretString::from("secret"),
            redirect_uri: "https://app.example/back".parse().unwrap(),
            version: "v25.0".to_owned(),
            webhook_secret: None,
            webhook_verify_token: None,
            settings: BTreeMap::new(),
        }
    }

    fn consent(scope: &str) -> Consent {
        Consent {
            person: "1".to_owned(),
            user: SecretString::from("token"),
            ends_at: None,
            data_access_until: None,
            scopes: vec![scope.to_owned()],
            pages: Vec::new(),
        }
    }

    fn answer(body: &Value) -> Answer {
        Answer {
            status: 200,
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
        }
    }

    /// How many calls a search takes to which everything is answered with this, and what it finds.
    fn course(read: usize, body: &Value) -> (usize, Consent) {
        let (app, mut step) = (app(), search(consent(SCOPE), read));
        let mut calls = 0;
        while let Step::Search(search) = step {
            let call = search.next(&app, "id,name,tasks,access_token").unwrap();
            assert_eq!(call.url.host_str(), Some("graph.facebook.com"));
            step = search.after(&answer(body));
            calls += 1;
        }
        let Step::Done(found) = step else {
            panic!("{step:?}");
        };
        (calls, *found)
    }

    #[test]
    fn without_the_permission_there_is_no_search() {
        let step = search(consent("pages_show_list"), 1);
        assert!(matches!(step, Step::Done(_)), "{step:?}");
    }

    #[test]
    fn a_search_ends_whatever_it_is_told() {
        let paging = json!({ "cursors": { "after": "a" }, "next": "https://graph.facebook.com/" });
        let endless = json!({ "data": [{ "id": "1" }], "paging": paging });
        assert_eq!(course(1, &endless).0, 25);
        assert_eq!(course(35, &endless).0, 5);
        assert_eq!(course(40, &endless).0, 0);
        let page = json!({
            "id": "7", "name": "A", "tasks": ["MANAGE"], "access_token": "t"
        });
        let same = json!({ "data": [page], "paging": paging });
        let (calls, found) = course(1, &same);
        assert_eq!((calls, found.pages.len()), (25, 1));
        assert_eq!(course(1, &json!({ "data": [] })).0, 1);
    }

    #[test]
    fn a_page_needs_a_task_and_a_token() {
        let business = answer(&json!({ "data": [{ "id": 1 }] }));
        let pages = answer(&json!({ "data": [
            { "id": "2", "name": "No task", "tasks": ["ANALYZE"], "access_token": "t" },
            { "id": "3", "name": "Whole", "tasks": ["MANAGE"], "access_token": "t" },
            { "id": "4", "name": "Without a token", "tasks": ["MANAGE"] },
        ] }));
        let token = answer(&json!({ "id": "4", "access_token": "t4" }));
        let mut step = search(consent(SCOPE), 1);
        for (name, path, said) in [
            ("list_businesses", "/v25.0/me/businesses", &business),
            ("list_business_pages", "/v25.0/1/owned_pages", &pages),
            ("read_page_token", "/v25.0/4", &token),
            ("list_business_pages", "/v25.0/1/client_pages", &pages),
        ] {
            let Step::Search(search) = step else {
                panic!("{step:?}");
            };
            let call = search.next(&app(), "id").unwrap();
            assert_eq!((call.name, call.url.path()), (name, path));
            assert_eq!(call.safety, crate::Safety::Optional);
            step = search.after(said);
        }
        let Step::Done(found) = step else {
            panic!("{step:?}");
        };
        let ids: Vec<&str> = found.pages.iter().map(|page| page.id.as_str()).collect();
        assert_eq!(ids, ["3", "4"]);
        assert!(found.pages.iter().all(|page| page.access_token.is_some()));
    }
}

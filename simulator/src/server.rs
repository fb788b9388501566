//! Serves the simulator on a socket; an answer marked as lost closes the connection instead.

use std::{io, net::SocketAddr};

use axum::Router;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::{LostAnswer, Simulator};

/// A simulator that listens.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the end of the process.
    pub async fn wait(self) {
        drop(self.task.await);
    }
}

/// Starts to serve `simulator` on `listener`.
///
/// # Errors
/// When the listener has no address any more.
pub fn serve(simulator: &Simulator, listener: TcpListener) -> io::Result<Server> {
    serve_with(simulator, Router::new(), listener)
}

/// As [`serve`], with more routes beside the simulator's own.
///
/// # Errors
/// As for [`serve`].
pub fn serve_with(
    simulator: &Simulator,
    more: Router,
    listener: TcpListener,
) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let router = simulator.router().merge(more);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let router = router.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request: http::Request<Incoming>| {
                    let router = router.clone();
                    async move {
                        let response =
                            match router.oneshot(request.map(axum::body::Body::new)).await {
                                Ok(response) => response,
                                Err(never) => match never {},
                            };
                        if response.extensions().get::<LostAnswer>().is_some() {
                            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
                        }
                        Ok(response)
                    }
                });
                // A broken connection is the caller's business, or was ordered.
                drop(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await,
                );
            });
        }
    });
    Ok(Server { address, task })
}

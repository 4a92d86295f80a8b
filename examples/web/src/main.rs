//! An HTTP server that links OpenSSL dynamically, and says which one it found.

use std::env;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;

use axum::extract::Query;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::signal::unix::{signal, SignalKind};

const DEFAULT_PORT: u16 = 8080;

#[derive(Deserialize)]
struct DigestRequest {
    text: String,
}

#[derive(Serialize)]
struct DigestResponse {
    sha256: String,
    /// The version of the library loaded at run time, not of the headers seen at build time.
    openssl: &'static str,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let stop = stop_signal()?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port()?)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app())
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}

fn port() -> Result<u16, String> {
    match env::var("PORT") {
        Ok(port) => port
            .parse()
            .map_err(|error| format!("PORT={port}: {error}")),
        Err(_) => Ok(DEFAULT_PORT),
    }
}

/// Completes on SIGTERM, which `docker stop` sends, or on SIGINT, which Ctrl-C sends.
///
/// The handlers are in place when this returns: as process 1 of a container, a program that
/// installs none ignores both signals.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn app() -> Router {
    Router::new()
        .route("/", get(|| async { "Hello from a container!\n" }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/digest", get(digest))
}

async fn digest(Query(request): Query<DigestRequest>) -> Json<DigestResponse> {
    Json(DigestResponse {
        sha256: hex(&openssl::sha::sha256(request.text.as_bytes())),
        openssl: openssl::version::version(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use axum::body::{to_bytes, Body};
    use axum::http::{Request, StatusCode};
    use serde_json::Value;
    use tower::ServiceExt;

    async fn fetch(uri: &str) -> (StatusCode, String) {
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let response = app().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn greets() {
        let (status, body) = fetch("/").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body, "Hello from a container!\n");
    }

    #[tokio::test]
    async fn is_healthy() {
        assert_eq!(fetch("/healthz").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn digests_text() {
        let (status, body) = fetch("/digest?text=abc").await;
        assert_eq!(status, StatusCode::OK);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            body["sha256"],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(body["openssl"].as_str().unwrap().starts_with("OpenSSL "));
    }

    #[tokio::test]
    async fn refuses_a_digest_of_nothing() {
        assert_eq!(fetch("/digest").await.0, StatusCode::BAD_REQUEST);
    }
}

use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::acceptance::State;
use super::routes::answer;

/// Serves one connection until it ends. `stop` lets what is on its way be answered; `cut` ends it at once.
pub(super) async fn serve(
    state: Arc<State>,
    stream: TcpStream,
    stop: CancellationToken,
    cut: CancellationToken,
) {
    // A connection that is gone already has nothing to be served.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| answer(state.clone(), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            // An error is the client's affair, or a cut that was asked for.
            _ = connection.as_mut() => return,
            () = cut.cancelled() => return,
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

//! The witness over HTTP/1.1.
//!
//! Strangers send to it: connections, their age, headers, bodies and the time for each are bounded.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Path as UrlPath, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ledgerline::log::MAX_REQUEST_BYTES;
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use super::error::WitnessError;
use super::room::{Room, Seat};
use super::service::{Answer, Witness};
use crate::clock::since_epoch;
use crate::ledger::durable::FileError;
use crate::ui::counted;

/// Connections at one time; for more, the longest idle ones give way.
const MAX_CONNECTIONS: usize = 256;

/// For a request's header, also the next one of a connection that is kept.
const HEADER_TIME: Duration = Duration::from_secs(30);

/// For a request's body.
const BODY_TIME: Duration = Duration::from_secs(10);

/// After this a connection takes no more requests.
const CONNECTION_TIME: Duration = Duration::from_secs(600);

/// For requests that are under way when a connection or the server ends.
const GRACE: Duration = Duration::from_secs(10);

/// Between two looks for alarms that were held back.
const ALARM_TIME: Duration = Duration::from_secs(10);

/// Most bytes of a request's header.
const MAX_HEADER_BYTES: usize = 16 << 10;

/// Where to listen.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address for submissions, and for monitors unless they have their own.
    pub listen: String,
    /// Address for monitors.
    pub monitoring: Option<String>,
    /// Path before all others: empty, or `/<words>` without a slash at the end.
    pub prefix: String,
}

/// Where it listens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bound {
    /// For submissions.
    pub listen: SocketAddr,
    /// For monitors.
    pub monitoring: SocketAddr,
}

/// Tells one line to the operator.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Clone)]
struct App {
    witness: Arc<Witness>,
    say: Say,
    stop: watch::Sender<Stop>,
    prefix: String,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Stop {
    No,
    /// After what is under way.
    Soon,
    /// Whatever is under way. What was decided is on the disk before it is told, so nothing is lost.
    Now,
}

type Stopped = watch::Receiver<Stop>;

/// Who sends.
#[derive(Clone)]
struct Peer {
    address: SocketAddr,
    seat: Arc<Seat>,
}

/// Answers until the process is asked to end (SIGINT, SIGTERM), or a write fails; asked again, it ends
/// at once. SIGHUP reads the list of logs again. `ready` is told the addresses once connections are
/// taken.
///
/// # Errors
///
/// [`WitnessError::Listen`]; [`WitnessError::Halted`] after a failed write.
pub fn serve(
    witness: Witness,
    options: &Options,
    say: Say,
    ready: impl FnOnce(Bound),
) -> Result<(), WitnessError> {
    let bind = |address: &String| {
        let bound = StdListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        });
        bound.map_err(|error| WitnessError::Listen {
            address: address.clone(),
            error,
        })
    };
    let (listener, listen) = bind(&options.listen)?;
    let monitor = options.monitoring.as_ref().map(bind).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .max_blocking_threads(32)
        .build()
        .map_err(FileError::at("start threads for", witness.dir().root()))?;

    let (stop, mut stopped) = watch::channel(Stop::No);
    let app = App {
        witness: Arc::new(witness),
        say,
        stop,
        prefix: options.prefix.clone(),
    };
    let monitoring = monitor.as_ref().map_or(listen, |(_, address)| *address);
    runtime.block_on(async {
        // Heard from before anybody is told that it runs.
        tokio::spawn(signals(app.clone(), Signals::hear()));
        tokio::spawn(tell_overdue(app.clone()));
        let mut listeners = JoinSet::new();
        let router = routes(&app, true);
        spawn(&mut listeners, listener, router, &app, &stopped)?;
        if let Some((monitor, _)) = monitor {
            let router = routes(&app, false);
            spawn(&mut listeners, monitor, router, &app, &stopped)?;
        }
        ready(Bound { listen, monitoring });
        let all_ended = async { while listeners.join_next().await.is_some() {} };
        tokio::select! {
            () = all_ended => {}
            _ = stopped.wait_for(|stop| *stop == Stop::Now) => {}
        }
        Ok::<(), WitnessError>(())
    })?;
    if *app.stop.borrow() == Stop::Now {
        runtime.shutdown_background();
        return app.witness.halted().map_or(Ok(()), Err);
    }
    // Decisions that are still being written are waited for.
    runtime.shutdown_timeout(GRACE);
    for line in app.witness.overdue_alarms(u64::MAX) {
        alarm(&app.say, &line);
    }
    app.witness.halted().map_or(Ok(()), Err)
}

fn spawn(
    listeners: &mut JoinSet<()>,
    listener: StdListener,
    router: Router,
    app: &App,
    stopped: &Stopped,
) -> Result<(), WitnessError> {
    let listener = TcpListener::from_std(listener)
        .map_err(FileError::at("listen for", app.witness.dir().root()))?;
    listeners.spawn(accept(listener, router, stopped.clone()));
    Ok(())
}

/// Takes connections until told to stop, then waits for those that are left.
async fn accept(mut listener: TcpListener, router: Router, mut stopped: Stopped) {
    let room = Room::new(MAX_CONNECTIONS);
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let next = async {
            // Waits and goes on where the system has no more files for now.
            let (stream, address) = Listener::accept(&mut listener).await;
            let seat = room.enter(address.ip()).await;
            (stream, Peer { address, seat })
        };
        let (stream, peer) = tokio::select! {
            _ = stopped.wait_for(|stop| *stop >= Stop::Soon) => break,
            next = next => next,
        };
        let seat = Arc::clone(&peer.seat);
        let router = router.clone().layer(Extension(peer));
        let stopped = stopped.clone();
        connections.spawn(async move {
            tokio::select! {
                () = connection(stream, router, stopped) => {}
                () = seat.given_away() => {}
            }
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, router: Router, mut stopped: Stopped) {
    // An answer is one small write.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_header_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop >= Stop::Soon) => {}
        () = sleep(CONNECTION_TIME) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(GRACE, connection).await;
}

/// Monitors are answered everywhere: a log that is refused looks for the proof of another history
/// where it submits.
fn routes(app: &App, submissions: bool) -> Router {
    let at = |path: &str| format!("{}{path}", app.prefix);
    let mut router = Router::new().route(&at("/"), get(front));
    if !app.prefix.is_empty() {
        router = router.route(&app.prefix, get(front));
    }
    if submissions {
        router = router
            .route(&at("/add-checkpoint"), post(add_checkpoint))
            .route(&at("/sign-subtree"), post(sign_subtree));
    }
    router
        .route(&at("/{hash}/checkpoint"), get(newest))
        .fallback(|| async { plain(StatusCode::NOT_FOUND, "expected another path; see /\n") })
        .method_not_allowed_fallback(|| async {
            plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "expected POST for add-checkpoint and sign-subtree, GET for everything else\n",
            )
        })
        .with_state(app.clone())
}

async fn add_checkpoint(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    submission(app, peer, request, "add-checkpoint", |witness, body| {
        witness.add_checkpoint(body, since_epoch().as_secs())
    })
    .await
}

async fn sign_subtree(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    submission(app, peer, request, "sign-subtree", Witness::sign_subtree).await
}

/// Reads a body within its bounds, has it answered, and tells the decision.
async fn submission(
    app: App,
    peer: Peer,
    request: Request,
    name: &'static str,
    decide: fn(&Witness, &[u8]) -> Answer,
) -> Response {
    let body = timeout(BODY_TIME, to_bytes(request.into_body(), MAX_REQUEST_BYTES)).await;
    let body = match body {
        Err(_) => {
            let words = format!("expected the body within {} seconds\n", BODY_TIME.as_secs());
            return closing(plain(StatusCode::REQUEST_TIMEOUT, &words));
        }
        Ok(Err(_)) => {
            let words = format!("expected a whole body of at most {MAX_REQUEST_BYTES} bytes\n");
            return closing(plain(StatusCode::BAD_REQUEST, &words));
        }
        Ok(Ok(body)) => body,
    };
    let busy = peer.seat.busy();
    let peer = peer.address;
    let witness = Arc::clone(&app.witness);
    // Waits for the disk. It is finished also if the client has gone.
    let say = Arc::clone(&app.say);
    let stop = app.stop.clone();
    let work = tokio::task::spawn_blocking(move || {
        let answer = decide(&witness, &body);
        say(&format!(
            "{} {peer} {name} {} {}",
            timestamp(),
            answer.status,
            answer.decision
        ));
        if let Some(alarm) = &answer.alarm {
            self::alarm(&say, alarm);
        }
        if witness.halted().is_some() {
            end(&stop, Stop::Soon);
        }
        answer
    });
    let answer = work.await;
    drop(busy);
    match answer {
        Ok(answer) => respond(answer),
        Err(_) => {
            end(&app.stop, Stop::Soon);
            plain(StatusCode::INTERNAL_SERVER_ERROR, "the witness failed\n")
        }
    }
}

async fn newest(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    UrlPath(hash): UrlPath<String>,
) -> Response {
    let _busy = peer.seat.busy();
    let witness = Arc::clone(&app.witness);
    // A decision that is being written is waited for.
    let work = tokio::task::spawn_blocking(move || witness.newest(&hash));
    match work.await {
        Ok(answer) => {
            let mut response = respond(answer);
            let headers = response.headers_mut();
            headers.insert(
                header::CACHE_CONTROL,
                header::HeaderValue::from_static("no-cache"),
            );
            response
        }
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the witness failed\n"),
    }
}

/// For people: who this is, and what can be asked.
async fn front(State(app): State<App>) -> Response {
    let mut text = String::from("A transparency log witness (c2sp.org/tlog-witness).\n\n");
    for key in app.witness.verifiers() {
        text.push_str(&format!("{key}\n"));
    }
    let prefix = &app.prefix;
    text.push_str(&format!(
        "\nPOST {prefix}/add-checkpoint\nPOST {prefix}/sign-subtree (with an ML-DSA-44 key)\nGET  {prefix}/<SHA-256 of the origin, hex>/checkpoint\n\n\
         Logs that it follows:\n"
    ));
    for origin in app.witness.origins() {
        text.push_str(&format!("{origin}\n"));
    }
    plain(StatusCode::OK, &text)
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status);
    let mut response = plain(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "");
    let kind = header::HeaderValue::from_static(answer.content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    *response.body_mut() = Body::from(answer.body);
    response
}

fn plain(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// What was not read of the body must not be taken for the next request.
fn closing(mut response: Response) -> Response {
    let close = header::HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

fn timestamp() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}

/// Says what was held back, once its time has come.
async fn tell_overdue(app: App) {
    let mut ticks = interval(ALARM_TIME);
    loop {
        ticks.tick().await;
        let again = app.clone();
        let tell = move || {
            for line in again.witness.overdue_alarms(since_epoch().as_secs()) {
                alarm(&again.say, &line);
            }
        };
        // Decisions that are being written are waited for.
        let _ = tokio::task::spawn_blocking(tell).await;
    }
}

/// Never takes back what was asked before.
fn end(stop: &watch::Sender<Stop>, how: Stop) {
    stop.send_modify(|stop| *stop = how.max(*stop));
}

/// Each time it is asked to end, it does so more quickly.
fn end_sooner(app: &App) {
    app.stop.send_modify(|stop| {
        *stop = match *stop {
            Stop::No => Stop::Soon,
            Stop::Soon | Stop::Now => Stop::Now,
        };
    });
}

#[cfg(unix)]
struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Hears signals from now on; the system's own way stays for those that cannot be heard.
    fn hear() -> Self {
        let hear = |kind| signal(kind).ok();
        Self {
            interrupt: hear(SignalKind::interrupt()),
            terminate: hear(SignalKind::terminate()),
            hangup: hear(SignalKind::hangup()),
        }
    }
}

#[cfg(unix)]
async fn signals(app: App, mut signals: Signals) {
    async fn next(signal: &mut Option<Signal>) {
        match signal {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }
    loop {
        let asked = tokio::select! {
            () = next(&mut signals.interrupt) => false,
            () = next(&mut signals.terminate) => false,
            () = next(&mut signals.hangup) => true,
        };
        if asked {
            let again = app.clone();
            let _ = tokio::task::spawn_blocking(move || reload(&again)).await;
        } else {
            end_sooner(&app);
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn hear() -> Self {
        Self
    }
}

#[cfg(not(unix))]
async fn signals(app: App, _: Signals) {
    while tokio::signal::ctrl_c().await.is_ok() {
        end_sooner(&app);
    }
}

#[cfg(unix)]
fn reload(app: &App) {
    match app.witness.reload() {
        Ok(following) => {
            let logs = counted(following.logs as u64, "log");
            (app.say)(&format!("{} read the list: {logs}", timestamp()));
            for line in &following.left_out {
                alarm(&app.say, line);
            }
        }
        Err(error) => (app.say)(&format!("{} logs stay as they were: {error}", timestamp())),
    }
}

fn alarm(say: &Say, line: &str) {
    say(&format!("{} ALARM {line}", timestamp()));
}

//! `dechaff server`: findings, fixes and suppressions in editors, over the Language Server
//! Protocol.
//!
//! The main thread owns all state and answers immediately. It passes texts to short-lived threads,
//! at most one that lints and one that compares, and drops results for texts that have changed
//! since.

mod background_work;
mod code_actions;
mod diagnostics;
mod editor_client;
mod fix_all;
mod hover;
mod language_server;
mod line_table;
mod lint;
mod notifications;
mod open_document;
mod pending_requests;
mod protocol;
mod requests;
mod server_event;
mod snapshot;
mod stamp;
mod transport;
mod uri;
mod work_threads;
mod workspace_comparison;
mod workspace_index;
mod workspace_settings;

use std::io::{BufReader, Read, Write};
use std::sync::mpsc::channel;

use anyhow::Context;
use clap::Args;

use super::arguments::ConfigArguments;
use super::{Exit, output};
use language_server::LanguageServer;
use server_event::ServerEvent;
use transport::{RpcSender, read_message};
use workspace_settings::WorkspaceSettings;

#[derive(Debug, Args)]
pub(super) struct ServerArguments {
    #[command(flatten)]
    settings: ConfigArguments,
}

pub(super) fn run(arguments: &ServerArguments) -> anyhow::Result<Exit> {
    serve_with(std::io::stdin(), std::io::stdout(), arguments.settings.clone())
}

/// Serves one client of the Language Server Protocol, and returns the exit code: 0 if the client
/// shut the server down before it left.
pub fn serve(input: impl Read + Send + 'static, output: impl Write + 'static) -> u8 {
    match serve_with(input, output, ConfigArguments::default()) {
        Ok(exit) => exit.code(),
        Err(error) => {
            output::error(&format!("{error:#}"));
            Exit::Failure.code()
        }
    }
}

fn serve_with(
    input: impl Read + Send + 'static,
    output: impl Write + 'static,
    arguments: ConfigArguments,
) -> anyhow::Result<Exit> {
    let here = std::env::current_dir().context("cannot find the working directory")?;
    let settings = WorkspaceSettings::new(arguments, here)?;
    let (events, received) = channel();
    let messages = events.clone();
    let read = move || {
        let mut input = BufReader::new(input);
        loop {
            let event = match read_message(&mut input) {
                Ok(Some(message)) => ServerEvent::Message(message),
                Ok(None) => ServerEvent::InputEnd(None),
                Err(error) => ServerEvent::InputEnd(Some(error.to_string())),
            };
            let is_end = matches!(event, ServerEvent::InputEnd(_));
            if messages.send(event).is_err() || is_end {
                return;
            }
        }
    };
    std::thread::Builder::new().spawn(read).context("cannot start a thread")?;
    let mut server = LanguageServer::new(RpcSender::new(output), events, settings);
    // The server itself holds a sender, so the channel never closes.
    while let Ok(event) = received.recv() {
        // Handle all pending events before the next lint, so that it sees the latest text.
        for event in std::iter::once(event).chain(received.try_iter()) {
            match server.handle(event) {
                Ok(None) => {}
                Ok(Some(exit)) => return Ok(exit),
                // The client is gone.
                Err(_) => return Ok(Exit::Disconnected),
            }
        }
        if server.start_work().is_err() {
            return Ok(Exit::Disconnected);
        }
    }
    Ok(Exit::Disconnected)
}

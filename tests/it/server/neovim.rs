//! Neovim as a real client, if it is installed.

use std::fs;
use std::process::Command;

use tempfile::tempdir;

use super::PROMPT;

/// Opens a file, and records diagnostics, actions and results in Neovim.
const SCRIPT: &str = r#"
local report = io.open(vim.env.REPORT, "w")
local id
local function say(...) report:write(string.format(...), "\n") end
local function diagnostics() return vim.diagnostic.get(0) end
local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then say("timeout: %s", what) end
end
local function action(title)
  local params = vim.lsp.util.make_range_params()
  params.context = { diagnostics = {} }
  local client = vim.lsp.get_client_by_id(id)
  local response = client.request_sync("textDocument/codeAction", params, 60000, 0)
  for _, action in ipairs(response.result) do
    if action.title == title then
      if not action.edit then
        action = client.request_sync("codeAction/resolve", action, 60000, 0).result
      end
      vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
      return
    end
  end
  say("no action: %s", title)
end
local function text() return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "|") end

local function run()
id = vim.lsp.start_client({
  name = "dechaff",
  cmd = { vim.env.DECHAFF, "server" },
  root_dir = vim.env.FOLDER,
  workspace_folders = { { uri = vim.uri_from_fname(vim.env.FOLDER), name = "folder" } },
  on_exit = function(code) say("exit %d", code) end,
})
vim.cmd("edit " .. vim.env.FOLDER .. "/a.txt")
vim.lsp.buf_attach_client(0, id)
wait("findings", function() return #diagnostics() == 1 end)
for _, one in ipairs(diagnostics()) do
  say("line %d column %d %s %s", one.lnum + 1, one.col, one.code or one.user_data.lsp.code,
    vim.split(one.message, "\n")[1])
end
vim.api.nvim_win_set_cursor(0, { 3, 0 })
action("Ignore BP001 here")
wait("suppression", function() return #diagnostics() == 0 end)
say("suppressed: %s", text())
vim.cmd("undo")
wait("undo", function() return #diagnostics() == 1 end)
action("Remove the line (BP001)")
wait("fix", function() return #diagnostics() == 0 end)
say("fixed: %s", text())
vim.cmd("undo")
wait("undo again", function() return #diagnostics() == 1 end)
action("Apply all safe fixes of dechaff")
wait("all fixes", function() return #diagnostics() == 0 end)
say("all fixed: %s", text())
vim.api.nvim_buf_set_lines(0, -1, -1, false,
  { "", "The café 😀 asked for more of it. Leave a comment below and tell us." })
wait("typing", function() return #diagnostics() == 1 end)
say("column %d", diagnostics()[1].col)
vim.cmd("write")
vim.lsp.stop_client(id)
wait("end", function() return vim.lsp.client_is_stopped(id) end)
end

local ok, error = pcall(run)
if not ok then say("error: %s", error) end
report:close()
vim.cmd("quitall!")
"#;

#[test]
fn neovim_shows_fixes_and_suppresses_findings() {
    if !Command::new("nvim").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: nvim is not there");
        return;
    }
    let folder = tempdir().unwrap();
    let (script, report) = (folder.path().join("script.lua"), folder.path().join("report"));
    fs::write(folder.path().join("a.txt"), PROMPT).unwrap();
    fs::write(&script, SCRIPT).unwrap();
    let output = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"])
        .arg(format!("luafile {}", script.display()))
        .env("DECHAFF", env!("CARGO_BIN_EXE_dechaff"))
        .env("FOLDER", folder.path())
        .env("REPORT", &report)
        .env("XDG_STATE_HOME", folder.path())
        .env("XDG_CACHE_HOME", folder.path())
        .output()
        .unwrap();
    let report = fs::read_to_string(&report).unwrap_or_default();
    let rest = "The mill closed in the spring.||It opened again in May.";
    assert_eq!(
        report,
        format!(
            "line 3 column 0 BP001 invitation to comment\n\
             suppressed: The mill closed in the spring.||<!-- dechaff: ignore[BP001] -->|Leave a comment||It opened again in May.\n\
             fixed: {rest}\n\
             all fixed: {rest}\n\
             column 37\n\
             exit 0\n"
        ),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

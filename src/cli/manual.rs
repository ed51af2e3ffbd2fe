//! Sections of the manual pages that are not generated from the command line definition.

/// Exit codes of all commands.
pub(super) const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "There are no findings or, with --fix, none are left; other commands succeeded."),
    (
        "1",
        "There are findings (--fail-on, --max-findings and --exit-zero change what counts), or an example of a rule failed.",
    ),
    (
        "2",
        "An error occurred: wrong usage, an invalid configuration, a file or record that cannot be read, or no documents to check.",
    ),
    ("130", "The run was interrupted."),
];

/// Examples: the command, the purpose and the command line.
pub(super) const EXAMPLES: &[(&str, &str, &str)] = &[
    ("check", "Check the texts and shards below a directory", "dechaff check corpus/"),
    ("check", "Check standard input", "dechaff check - --stdin-filename page.txt < page.txt"),
    (
        "check",
        "Check JSON Lines whose text is in another field",
        "dechaff check part-000.jsonl.gz --text-field content",
    ),
    ("check", "Show what the safe fixes would change", "dechaff check corpus/ --diff"),
    (
        "check",
        "Fix in place and record the changes",
        "dechaff check corpus/ --fix --undo-log removed.jsonl",
    ),
    ("check", "Write fixed copies", "dechaff check corpus/ --output-dir clean/"),
    (
        "check",
        "Report only findings that are not in the baseline",
        "dechaff check . --baseline dechaff-baseline.json",
    ),
    ("review", "Accept or reject findings in a browser", "dechaff review corpus/"),
    (
        "review",
        "Fix only what was accepted",
        "dechaff check corpus/ --fix --plan dechaff.plan --undo-log dechaff.undo",
    ),
    ("index", "Index a corpus", "dechaff index add corpus.dxi shards/"),
    ("index", "Compare new documents with it", "dechaff check new/ --against corpus.dxi"),
    (
        "compare",
        "Sketch the first of eight shares of a corpus",
        "dechaff compare sketch work/ shards/ --partition 1/8",
    ),
    (
        "compare",
        "Do the first of eight shares of the next step",
        "dechaff compare match work/ --partition 1/8",
    ),
    ("compare", "Print the remaining work", "dechaff compare status work/"),
    (
        "compare",
        "Report the findings in the first of eight shares",
        "dechaff check shards/ --compared work/ --partition 1/8",
    ),
    ("server", "Start the language server (editors do this)", "dechaff server"),
    ("undo", "Undo the changes of one rule", "dechaff undo removed.jsonl --rule byline"),
    ("rule", "Explain a rule", "dechaff rule comment-prompt"),
    ("rule", "List the rules of a group", "dechaff rule ND"),
    (
        "config",
        "Show the settings of a file and where they come from",
        "dechaff config corpus/page.txt",
    ),
    ("init", "Write a configuration file in which everything is commented out", "dechaff init"),
    ("test-rules", "Test custom rules against their examples", "dechaff test-rules my-rules/"),
    (
        "completions",
        "Install completions for bash",
        "dechaff completions bash > ~/.local/share/bash-completion/completions/dechaff",
    ),
    (
        "completions",
        "Install completions for fish",
        "dechaff completions fish > ~/.config/fish/completions/dechaff.fish",
    ),
    ("man", "Install the manual pages", "dechaff man --dir ~/.local/share/man/man1"),
];

/// Files that dechaff looks for.
pub(super) const FILES: &[(&str, &str)] = &[
    ("dechaff.toml, .dechaff.toml", "The settings of the files in the same directory and below."),
    ("pyproject.toml", "The same, in the table [tool.dechaff]."),
];

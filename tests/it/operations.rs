//! Checks that `docs/operations.md` and `deploy/` agree with the service.

use crate::support::{
    served::{Served, modelgate, run},
    source,
};
use modelgate::config::Partial;
use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(ROOT).join(&path))
        .unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

/// The words of `text` that begin with `start` and continue with characters that `goes_on` accepts.
fn words(text: &str, start: &str, goes_on: fn(char) -> bool) -> BTreeSet<String> {
    let found = text.match_indices(start).map(|(at, _)| {
        let rest = &text[at + start.len()..];
        format!("{start}{}", &rest[..rest.find(|c| !goes_on(c)).unwrap_or(rest.len())])
    });
    found.collect()
}

#[test]
fn every_setting_is_in_the_page_for_operators() {
    let page = read("docs/operations.md");
    let config = read("src/config.rs");
    let fields = config.split("pub struct Partial {").nth(1).unwrap().split("\n}").next().unwrap();
    let fields: Vec<&str> =
        fields.split("pub ").skip(1).map(|rest| rest.split(':').next().unwrap()).collect();
    assert!(fields.len() >= 9, "{fields:?}");
    for field in fields {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{field}` |")));
        let row = row.unwrap_or_else(|| panic!("no row for the setting `{field}`"));
        let variable = format!("`MODELGATE_{}`", field.to_uppercase());
        if config.contains(&format!("get(\"{}\")", field.to_uppercase())) {
            assert!(row.contains(&variable), "{variable} in {row}");
        }
    }
    let upper = |c: char| c.is_ascii_uppercase() || c == '_';
    for file in source::files(Path::new(ROOT), "src", "rs") {
        for variable in
            words(&read(&file), "MODELGATE_", upper).into_iter().filter(|v| v != "MODELGATE_")
        {
            assert!(page.contains(&format!("`{variable}`")), "{variable} of {}", file.display());
        }
    }
    let mut command = modelgate(Path::new(ROOT));
    command.args(["serve", "--help"]);
    let help = run(command).expect(0).stdout;
    let flags = words(&help, "--", |c| c.is_ascii_lowercase() || c == '-');
    assert!(flags.len() >= 7, "{flags:?}");
    for flag in flags.iter().filter(|flag| *flag != "--help" && *flag != "--") {
        assert!(
            page.contains(&format!("`{flag}`")) || page.contains(&format!("`{flag} ")),
            "{flag}"
        );
    }
    let limits: Vec<(&str, &str)> =
        help.lines().filter_map(|line| line.trim().split_once(" = ")).collect();
    let limits: Vec<_> = limits
        .into_iter()
        .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .collect();
    assert!(limits.len() >= 10, "{help}");
    for (name, default) in limits {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` | ")));
        assert!(
            row.is_some_and(|row| row.contains(default)),
            "no row for the limit `{name}` of {default}"
        );
    }
    let defaults = Partial::default().resolve().unwrap();
    for (field, value) in [
        ("database", defaults.database),
        ("listen", defaults.listen),
        ("max_body", defaults.max_body.to_string()),
        ("max_upload", defaults.max_upload.to_string()),
        ("upload_seconds", defaults.upload_seconds.to_string()),
    ] {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{field}` |"))).unwrap();
        assert!(row.contains(&value), "{value} in {row}");
    }
}

#[test]
fn every_metric_is_in_the_page_for_operators() {
    let served = Served::start();
    let text = tokio::runtime::Runtime::new().unwrap().block_on(async {
        reqwest::get(format!("{}/metrics", served.url)).await.unwrap().text().await.unwrap()
    });
    let page = read("docs/operations.md");
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(names.len() >= 3, "{text}");
    for name in names {
        let in_table = |line: &str| {
            line.starts_with(&format!("| `{name}`")) || line.starts_with(&format!("| `{name}{{"))
        };
        assert!(page.lines().any(in_table), "{name} has no row");
    }
}

#[test]
fn the_page_for_operators_leads_somewhere() {
    let page = read("docs/operations.md");
    let anchor = |title: &str| -> String {
        let kept = title
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
            .collect::<String>();
        kept.replace(' ', "-")
    };
    let titles: BTreeSet<String> =
        page.lines().filter_map(|l| l.split_once("# ")).map(|(_, title)| anchor(title)).collect();
    for link in page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        match link.strip_prefix('#') {
            Some(wanted) => assert!(titles.contains(wanted), "#{wanted}"),
            None => assert!(Path::new(ROOT).join("docs").join(link).exists(), "{link}"),
        }
    }
    // No heading is without text.
    let lines: Vec<&str> = page.lines().filter(|line| !line.is_empty()).collect();
    for pair in lines.windows(2) {
        let level = |line: &str| line.bytes().take_while(|b| *b == b'#').count();
        let (first, second) = (level(pair[0]), level(pair[1]));
        assert!(first == 0 || second == 0 || second > first, "nothing below `{}`", pair[0]);
    }
}

#[test]
fn what_is_deployed_is_understood() {
    let settings = Partial::from_toml(&read("deploy/modelgate.toml")).unwrap().resolve().unwrap();
    assert!(settings.public_url.starts_with("https://"));
    let unit = read("deploy/modelgate.service");
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/modelgate "))
        .unwrap();
    let mut command = modelgate(Path::new(ROOT));
    command.args(start.split_whitespace()).arg("--help");
    run(command).expect(0);
}

/// The mode that an `install -m MODE … TARGET` sets for each file or folder below `/etc/modelgate`.
fn installed(text: &str) -> Vec<(&str, u32)> {
    let lines = text
        .lines()
        .map(|line| line.trim_start_matches(['#', ' ']))
        .filter(|line| line.starts_with("install "));
    let each = lines.filter_map(|line| {
        let words: Vec<&str> = line.split(" #").next().unwrap().split_whitespace().collect();
        let target = words.last().filter(|target| target.starts_with("/etc/modelgate"))?;
        let mode = words
            .iter()
            .position(|word| *word == "-m")
            .unwrap_or_else(|| panic!("no mode: {line}"));
        Some((*target, u32::from_str_radix(words[mode + 1], 8).unwrap()))
    });
    each.collect()
}

/// An account that is created at startup owns no file, so the configuration must be readable for
/// everyone; systemd must read the secrets as root.
#[test]
fn an_account_made_at_the_start_can_read_its_configuration_and_nobody_its_secrets() {
    let (unit, page) = (read("deploy/modelgate.service"), read("docs/operations.md"));
    for (name, text) in [("the unit", &unit), ("the page", &page)] {
        assert!(text.contains("DynamicUser=yes"), "{name}");
        let modes = installed(text);
        let others =
            |target: &str| modes.iter().find(|(t, _)| *t == target).map(|(_, mode)| mode & 7);
        assert_eq!(others("/etc/modelgate"), Some(5), "{name}: the folder can be entered");
        let config = text.split("--config /").nth(1).unwrap().split_whitespace().next().unwrap();
        let config = format!("/{config}");
        assert!(others(&config).is_some_and(|mode| mode & 4 == 4), "{name}: {config} can be read");
        let secrets =
            text.split("EnvironmentFile=-").nth(1).unwrap().split_whitespace().next().unwrap();
        let mode = modes.iter().find(|(target, _)| *target == secrets).map(|(_, mode)| *mode);
        assert_eq!(mode, Some(0o600), "{name}: {secrets}");
    }
    // Without this line, the mode is 0755.
    let mode = unit
        .lines()
        .find_map(|line| line.strip_prefix("ConfigurationDirectoryMode="))
        .unwrap_or("0755");
    assert_eq!(
        u32::from_str_radix(mode, 8).unwrap() & 5,
        5,
        "systemd sets this mode at every start"
    );
}

/// nginx with one of our configurations, on a free port, in front of a service.
struct Nginx {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Nginx {
    fn start(configuration: &str, service: &str, strip: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/CN=localhost",
            ])
            .args(["-keyout", &path("key.pem"), "-out", &path("cert.pem")])
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let replace = |text: String, from: &str, to: &str| {
            assert!(text.contains(from), "`{from}` is not in the configuration");
            text.replace(from, to)
        };
        let mut text = replace(
            read(configuration),
            "listen 443 ssl;",
            &format!("listen 127.0.0.1:{port} ssl;"),
        );
        text = replace(
            text,
            "server 127.0.0.1:8080;",
            &format!("server {};", service.strip_prefix("http://").unwrap()),
        );
        text = replace(text, "/etc/ssl/modelgate/fullchain.pem", &path("cert.pem"));
        text = replace(text, "/etc/ssl/modelgate/privkey.pem", &path("key.pem"));
        if strip {
            text = replace(
                text,
                "location /gate/ {\n        proxy_pass http://modelgate;",
                "location /gate/ {\n        proxy_pass http://modelgate/;",
            );
        }
        let temporary: Vec<String> = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {};", path(kind)))
            .collect();
        let whole = format!(
            "daemon off; master_process off; pid {}; error_log {} info; events {{}}\nhttp {{ access_log off; {}\n{text}\n}}\n",
            path("pid"),
            path("error.log"),
            temporary.join(" ")
        );
        fs::write(folder.path().join("nginx.conf"), whole).unwrap();
        let program = ["/usr/sbin/nginx", "/usr/bin/nginx"].iter().find(|p| Path::new(p).exists());
        let program = program.expect("nginx is not installed: run scripts/setup");
        let mut command = Command::new(program);
        command.args(["-p", &path(""), "-c", &path("nginx.conf"), "-e", &path("error.log")]);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let nginx = Self { child, url: format!("https://localhost:{port}"), _folder: folder };
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        nginx
    }
}

/// A browser that accepts the certificate, keeps cookies and does not follow redirects.
fn https() -> reqwest::Client {
    let builder = reqwest::Client::builder().tls_danger_accept_invalid_certs(true);
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

#[test]
#[ignore = "needs nginx and openssl"]
fn foreign_proxy_nginx_serves_as_our_configurations_say() {
    for (configuration, base, strip) in [
        ("deploy/nginx.conf", "", false),
        ("deploy/nginx-below.conf", "/gate", false),
        ("deploy/nginx-below.conf", "/gate", true),
    ] {
        let served = Served::start_at(&format!("https://localhost{base}"), base);
        let service = served.url.strip_suffix(base).unwrap();
        let nginx = Nginx::start(configuration, service, strip);
        let (url, ci) = (format!("{}{base}", nginx.url), served.ci.clone());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let http = https();
            let get = async |path: &str| http.get(format!("{url}{path}")).send().await.unwrap();
            let sent = get("/").await;
            assert_eq!(sent.status(), 303);
            assert_eq!(sent.headers()["location"], format!("{base}/sign-in?next=/"));
            let form = get("/sign-in?next=/").await.text().await.unwrap();
            let style =
                form.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
            assert_eq!(
                http.get(format!("{}{style}", nginx.url)).send().await.unwrap().status(),
                200
            );
            // What a browser without TLS would send: the origin alone.
            let entry = http.post(format!("{url}/sign-in")).header("origin", "https://localhost");
            let entry = entry.header("content-type", "application/x-www-form-urlencoded");
            let done = entry
                .body("user=ada&password=correct+horse+battery&next=/releases&csrf=")
                .send()
                .await
                .unwrap();
            assert_eq!(
                (done.status().as_u16(), done.headers()["location"].to_str().unwrap()),
                (303, &*format!("{base}/releases"))
            );
            let cookie = done.headers()["set-cookie"].to_str().unwrap().to_owned();
            assert!(cookie.contains("; Secure"), "{cookie}");
            assert_eq!(get("/metrics").await.status(), 404);
            assert_eq!(get("/readyz").await.status(), 200);
            // The largest possible submission, and an upload that is larger.
            let large = http
                .post(format!("{url}/api/v1/releases"))
                .bearer_auth(&ci)
                .body(vec![b' '; 90 << 20]);
            assert_eq!(
                large.send().await.unwrap().headers()["content-type"],
                "application/problem+json"
            );
            let upload = http
                .put(format!("{url}/api/v1/predictions"))
                .bearer_auth(&ci)
                .body(vec![b'x'; 101 << 20]);
            let upload = upload.send().await.unwrap();
            assert!(upload.status().is_success(), "{}", upload.text().await.unwrap());
        });
        assert_eq!(
            served.run(&["status", "01K", "--format=json"]).expect(2).json()["error"]["code"],
            "not-found"
        );
    }
}

/// The commands in the page must exist with the flags that it shows.
#[test]
fn commands_in_the_page_are_commands_of_ours() {
    let page = read("docs/operations.md");
    let mut seen = 0;
    for line in page.lines().filter(|line| line.starts_with("    modelgate ")) {
        let own: Vec<&str> =
            line.split_whitespace().skip(1).take_while(|word| !word.starts_with('-')).collect();
        let own: Vec<&str> =
            own.into_iter().take_while(|w| w.bytes().all(|b| b.is_ascii_lowercase())).collect();
        let mut command = modelgate(Path::new(ROOT));
        command.args(&own).arg("--help");
        let help = run(command).expect(0).stdout;
        for flag in words(line, "--", |c| c.is_ascii_lowercase() || c == '-') {
            assert!(help.contains(&flag), "{flag} of `{line}`");
            seen += 1;
        }
    }
    assert!(seen > 2);
}

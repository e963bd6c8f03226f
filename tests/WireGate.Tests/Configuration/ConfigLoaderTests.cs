using System.Security.Cryptography;
using NUnit.Framework;
using WireGate.Configuration;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Tests.Configuration;

internal sealed class ConfigLoaderTests
{
    private static IEnumerable<string> Valid => ConfigFixtures.Valid;

    private static IEnumerable<string> Invalid => ConfigFixtures.Invalid;

    [TestCaseSource(nameof(Valid))]
    public void Takes_a_valid_file(string name)
    {
        ConfigResult result = ConfigLoader.Load(ConfigFixtures.PathOf("valid", name));

        Assert.That(ConfigFixtures.Lines(result.Errors), Is.Empty);
        Assert.That(result.Config, Is.Not.Null);
    }

    [TestCaseSource(nameof(Invalid))]
    public void Reports_every_error_of_an_invalid_file_at_its_place(string name)
    {
        string path = ConfigFixtures.PathOf("invalid", name);
        ConfigResult result = ConfigLoader.Load(path);

        Assert.That(ConfigFixtures.Lines(result.Errors), Is.EqualTo(File.ReadAllLines(Path.ChangeExtension(path, ".errors"))));
        Assert.That(result.Errors, Is.Not.Empty);
        Assert.That(result.Config, Is.Null);
    }

    [TestCaseSource(nameof(Invalid))]
    public void Never_quotes_what_may_be_a_secret(string name)
    {
        ConfigResult result = ConfigLoader.Load(ConfigFixtures.PathOf("invalid", name));

        Assert.That(string.Join('\n', result.Errors), Does.Not.Contain("hunter2").And.Not.Contain("12345"));
    }

    [Test]
    public void Refuses_of_the_product_page_exactly_what_is_not_built()
    {
        string path = Path.Combine(ConfigFixtures.Directory, "product.yaml");
        ConfigResult result = ConfigLoader.Load(path);

        Assert.That(result.Errors.Select(e => e.Path), Is.EqualTo(File.ReadAllLines(Path.ChangeExtension(path, ".refused"))));
        Assert.That(result.Errors.Select(e => e.Message), Has.All.Contains("not built yet"));
    }

    [Test]
    public void Resolves_defaults()
    {
        GatewayConfig config = Load("least");

        Assert.That(config.Admin.SocketPath, Is.EqualTo("/run/wiregate/admin.sock"));
        Assert.That(config.Admin.Roles, Is.Empty);
        Assert.That(config.Reload, Is.EqualTo(ReloadMode.Signal));
        Assert.That(config.Limits, Is.EqualTo(new LimitsConfig()));
        Assert.That(config.Grants, Is.Empty);
        Assert.That(config.Listeners[0].Address.Port, Is.EqualTo(5432));
        Assert.That(config.Listeners[0].ScramOnly, Is.False);
    }

    [Test]
    public void Reads_the_values_that_are_written()
    {
        GatewayConfig config = Load("every-key");
        TargetConfig orders = config.Targets["orders"];

        Assert.That(config.Transport, Is.EqualTo(TransportKind.Streams));
        Assert.That(config.Admin.SocketMode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(config.Admin.Roles[AdminRole.Mint].Unix, Is.EqualTo(new[] { "ci", "deploy" }));
        Assert.That(config.Listeners[0].ScramOnly, Is.True);
        Assert.That(config.Limits.LoginGrace, Is.EqualTo(TimeSpan.FromSeconds(30)));
        Assert.That((config.Limits.RekeyBytes, config.Limits.RekeyTime), Is.EqualTo((64 * 1024, TimeSpan.FromHours(1))));
        Assert.That(config.Limits.Connect, Is.EqualTo(TimeSpan.FromMilliseconds(1500)));
        Assert.That(config.Limits.InspectedFrame, Is.EqualTo(1 << 20));
        Assert.That((config.Limits.RequestHead, config.Limits.RequestBodyRate), Is.EqualTo((TimeSpan.FromSeconds(5), 1000)));
        Assert.That((config.Limits.FirstByte, config.Limits.ResponseIdle), Is.EqualTo((TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10))));
        Assert.That(config.Placeholders.MaxTtl, Is.EqualTo(TimeSpan.FromDays(1)));
        Assert.That(orders.Addresses.Select(a => a.ToString()), Is.EqualTo(new[] { "db-1.internal:5432", "db-2.internal:5433", "[fd00::1]:5432" }));
        Assert.That(orders.Logins.Select(l => l.Name), Is.EqualTo(new[] { "ro", "rw" }), "least first, as written");
        Assert.That(orders.Tls.Mode, Is.EqualTo(TlsMode.VerifyCa));
        Assert.That(config.Targets["legacy"].Tls.Mode, Is.EqualTo(TlsMode.Disable), "a Unix socket");
        Assert.That(config.Targets["moving"].Tls.Mode, Is.EqualTo(TlsMode.VerifyFull), "the default");
        Assert.That(config.Targets["moving"].Authentication, Is.EqualTo(new[] { "scram-sha-256-plus", "scram-sha-256" }), "the default");
        Assert.That(config.Secrets["rotated"].Exec, Has.Length.EqualTo(3));
        Assert.That(config.Grants[1].Replication, Is.True);
        Assert.That(config.Grants[0].SessionLifetime, Is.EqualTo(TimeSpan.FromHours(8)));
        Assert.That(orders.Mask, Is.EqualTo(new[] { "pii" }));
        Assert.That(config.Targets["web-1"].Environment.Select(e => e.Text), Is.EqualTo(new[] { "GIT_PROTOCOL", "APP_*" }));
    }

    [Test]
    public void Reads_the_rules_that_are_written()
    {
        GatewayConfig config = Load("every-key");
        RuleConfig reads = config.Rules.List[0], writes = config.Rules.List[1], nights = config.Rules.List[3], fraud = config.Rules.List[5];

        Assert.That((config.Rules.Default, config.Rules.DeniesCredentialMinting), Is.EqualTo((Verdict.Deny, false)));
        Assert.That(config.Rules.External!.Timeout, Is.EqualTo(TimeSpan.FromMilliseconds(100)));
        Assert.That((reads.Do, reads.Match.Sql!.Effects, reads.Match.Sql.Where), Is.EqualTo(((Verdict?)Verdict.Allow, (SqlEffects?)(SqlEffects.Read | SqlEffects.Unknown), (bool?)true)));
        Assert.That(reads.Match.From!.Claims["team"], Is.EqualTo("payments"));
        Assert.That(reads.Limit, Is.EqualTo(new RateConfig(100, TimeSpan.FromMinutes(1), RateScope.Placeholder)));
        Assert.That(writes.Hold!.Approvers.Single(), Is.EqualTo(new ApproverTerms("unix", ["dba"], 2)));
        Assert.That((writes.Hold.Within, writes.Hold.InTransaction), Is.EqualTo((TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30))));
        Assert.That(writes.Match.Session!.Applications.Select(a => a.Text), Is.EqualTo(new[] { "psql", "pg_*" }));
        Assert.That((nights.IsObserved, nights.Match.Hours!.Not, nights.Match.Hours.Ranges.Length), Is.EqualTo((true, true, 2)));
        Assert.That(nights.Match.From!.Issuer, Is.Null, "a deny may mean anybody's groups");
        Assert.That((fraud.Do, fraud.Unmask.Single(), fraud.Hold), Is.EqualTo(((Verdict?)null, "pii", (HoldTerms?)null)));
        Assert.That((config.Masks["pii"].With, config.Masks["pii"].Detect.Length), Is.EqualTo((MaskStyle.Last4, 9)));
        Assert.That((config.Masks["pii"].LooksAtBinary, config.Masks["notes"].LooksAtBinary), Is.EqualTo((true, false)));
        Assert.That((config.Masks["cards"].Fixed, config.Masks["cards"].AllowsPredicates), Is.EqualTo(("****", true)));
        Assert.That((config.Masks["notes"].With, config.Masks["notes"].Unsure), Is.EqualTo((MaskStyle.Null, MaskUnsure.Detect)));
        Assert.That(config.Masks["notes"].Json.Select(p => p.Text), Is.EqualTo(new[] { "$..email", "$['a b'][*]" }));
        Assert.That(config.RuleBook.Version, Is.EqualTo(config.Version));
    }

    [Test]
    public void Reads_whose_names_may_lead_to_this_machine() => Assert.That(
        Load("every-key").Targets.Values.SelectMany(t => t.Addresses).Where(a => a.MayBeLoopback).Select(a => a.Host), Is.EqualTo(new[] { "moving.internal" }));

    [Test]
    public void Reads_what_is_written_of_HTTP()
    {
        GatewayConfig config = Load("every-key");
        TargetConfig api = config.Targets["api"], clear = config.Targets["clear"];
        HttpMatchConfig requests = config.Rules.List.Single(r => r.Name == "requests").Match.Http!;

        Assert.That(api.Addresses.Select(a => a.ToString()), Is.EqualTo(new[] { "api.internal:443", "api-2.internal:8443", "[fd00::1]:443" }));
        Assert.That((api.Tls.Mode, api.Tls.CaPath, clear.Tls.Mode), Is.EqualTo((TlsMode.VerifyFull, "/etc/wiregate/api-ca.pem", TlsMode.Disable)));
        Assert.That((clear.Addresses[0].Port, clear.Hosts.Length, clear.Path), Is.EqualTo((9000, 0, "/clear")));
        Assert.That((string.Join(' ', api.Hosts), api.Path, api.Authentication.Length), Is.EqualTo(("api.wiregate.internal api", "/api/v1", 0)));
        Assert.That(api.Logins.Take(7).Select(l => l.Http), Is.EqualTo(new[]
        {
            new HttpLoginConfig { Secret = "app", Surface = HttpSurface.Header, Name = "Authorization", Before = "Bearer " },
            new HttpLoginConfig { Secret = "app", Surface = HttpSurface.BasicUser },
            new HttpLoginConfig { Secret = "app", Surface = HttpSurface.BasicPassword, Before = "ci" },
            new HttpLoginConfig { Secret = "app", Surface = HttpSurface.Header, Name = "X-Api-Key", Before = "key=", After = ";v=1" },
            new HttpLoginConfig { Secret = "app", Surface = HttpSurface.Header, Name = "authorization", Before = "Bearer " },
            new HttpLoginConfig { Secret = "app", Surface = HttpSurface.Query, Name = "api_key" },
            new HttpLoginConfig { Secret = "app", Surface = HttpSurface.Cookie, Name = "__Host-session" },
        }));
        Assert.That(api.Logins.Select(l => l.User), Has.All.Empty);
        Assert.That(requests.Methods, Is.EqualTo(new[] { "GET", "HEAD" }));
        Assert.That(requests.Paths.Select(p => p.Text), Is.EqualTo(new[] { "/repos/acme/**", "/a b/*", "/@*%2F*" }));
        Assert.That(requests.Hosts.Select(h => h.Text), Is.EqualTo(new[] { "*.wiregate.internal" }), "hosts know no case");
        Assert.That(requests.Query.Select(q => $"{q.Key}={q.Value}"), Is.EqualTo(new[] { "state=open", "page[size]=*" }));
        Assert.That(requests.Headers.Select(h => $"{h.Key}={h.Value}"), Is.EqualTo(new[] { "x-env=prod*" }));
        Assert.That(config.Rules.List.Single(r => r.Name == "any-request").Match.Http, Is.EqualTo(new HttpMatchConfig()));
        Assert.That(config.Targets["moving"].Logins[0].Http, Is.Null);
    }

    [Test]
    public void Reads_what_is_written_of_tokens()
    {
        TargetConfig api = Load("every-key").Targets["api"];
        HttpLoginConfig[] logins = [.. api.Logins.Where(l => l.Http!.Token is not null).Select(l => l.Http!)];
        var oauth2 = (OAuth2TokenConfig)logins[0].Token!;
        var plain = (OAuth2TokenConfig)logins[1].Token!;
        var app = (GitHubAppConfig)logins[2].Token!;
        var plainApp = (GitHubAppConfig)logins[3].Token!;

        Assert.That(logins.Select(l => l with { Token = null }), Is.All.EqualTo(new HttpLoginConfig { Secret = "app", Surface = HttpSurface.Header, Name = "Authorization", Before = "Bearer " }));
        Assert.That((oauth2.Endpoint.ToString(), oauth2.Endpoint.Tls.CaPath, oauth2.Endpoint.Tls.Mode), Is.EqualTo(("https://idp.internal:8443/oauth2/token", "/etc/wiregate/idp-ca.pem", TlsMode.VerifyFull)));
        Assert.That((oauth2.Client, oauth2.Method, string.Join(' ', oauth2.Scope), oauth2.Audience), Is.EqualTo(("wiregate", OAuth2Method.Post, "read write:all", "https://api.internal")));
        Assert.That((plain.Endpoint.ToString(), plain.Method, plain.Scope.Single(), plain.Audience), Is.EqualTo(("http://localhost:8080/token", OAuth2Method.Basic, "read", (string?)null)));
        Assert.That((app.App, app.Installation, app.Repositories.Single(), app.Endpoint.ToString()), Is.EqualTo(("12345", "67890", "shop", "https://github.internal/api/v3")));
        Assert.That(app.Permissions.Select(p => $"{p.Key}={p.Value}"), Is.EqualTo(new[] { "contents=read", "issues=write" }));
        Assert.That((plainApp.App, plainApp.Endpoint.ToString(), plainApp.Endpoint.Tls.Mode), Is.EqualTo(("Iv23li_abc", "https://api.github.com/", TlsMode.VerifyFull)));
    }

    [Test]
    public void Reads_what_is_written_of_signatures()
    {
        HttpLoginConfig[] logins = [.. Load("every-key").Targets["api"].Logins.Where(l => l.Http!.Surface == HttpSurface.Signature).Select(l => l.Http!)];

        Assert.That(logins, Is.EqualTo(new[]
        {
            new HttpLoginConfig
            {
                Secret = "rotated", Surface = HttpSurface.Signature, Aws = new AwsSigningConfig { AccessKey = "app", Region = "eu-central-1", Service = "execute-api" },
            },
            new HttpLoginConfig
            {
                Secret = "rotated",
                Surface = HttpSurface.Signature,
                Aws = new AwsSigningConfig { AccessKey = "app", SessionToken = "app", Region = "us-east-1", Service = "s3", IsPayloadUnsigned = true },
            },
        }));
    }

    [Test]
    public void Reads_what_is_written_of_bodies()
    {
        TargetConfig api = Load("every-key").Targets["api"];
        HttpLoginConfig beside = api.Logins.Single(l => l.Name == "in-body").Http!, alone = api.Logins.Single(l => l.Name == "only-in-body").Http!;

        Assert.That(beside with { Body = null }, Is.EqualTo(new HttpLoginConfig { Secret = "app", Surface = HttpSurface.Header, Name = "Authorization", Before = "Bearer " }));
        Assert.That((beside.InBody!.Secret, beside.InBody.Surface, beside.InBody.Name), Is.EqualTo(("rotated", HttpSurface.Body, "/auth/client~1secret")));
        Assert.That(beside.InBody.Paths.Select(p => p.Text), Is.EqualTo(new[] { "/v1/oauth/token", "/x/**" }));
        Assert.That((alone.Surface, alone.InBody == alone), Is.EqualTo((HttpSurface.Body, true)));
    }

    [Test]
    public void Reads_what_is_written_of_Kubernetes()
    {
        GatewayConfig config = Load("every-key");
        TargetConfig prod = config.Targets["prod"];
        KubernetesMatchConfig pods = config.Rules.List.Single(r => r.Name == "pods").Match.Kubernetes!;
        ImpersonationConfig impersonate = prod.Logins[0].Impersonate!;

        Assert.That((prod.Addresses[0].ToString(), prod.Tls.Mode, prod.Hosts.Single()), Is.EqualTo(("10.0.0.1:6443", TlsMode.VerifyFull, "prod.wiregate.internal")));
        Assert.That(prod.Logins[0].Http, Is.EqualTo(new HttpLoginConfig { Secret = "app", Surface = HttpSurface.Header, Name = "Authorization", Before = "Bearer " }));
        Assert.That(prod.Logins[1].Http, Is.EqualTo(new HttpLoginConfig { Secret = "app", Surface = HttpSurface.ClientCertificate, CertificatePath = "/etc/wiregate/k8s.crt" }));
        Assert.That((impersonate.User, impersonate.GroupPrefix), Is.EqualTo(("wg:${identity.issuer}:${identity.subject}", "wg:")));
        Assert.That(impersonate.Groups.Select(g => g.Text), Is.EqualTo(new[] { "sre", "team-*" }));
        Assert.That(impersonate.Extra.Select(e => $"{e.Key}={e.Value}"), Is.EqualTo(new[] { "example.com/placeholder=${placeholder.id}", "session=${session.id}" }));
        Assert.That(prod.Logins[1].Impersonate, Is.Null);
        Assert.That((string.Join(' ', pods.Verbs), string.Join(' ', pods.Resources)), Is.EqualTo(("get create", "pods pods/log deployments.apps/* *")));
        Assert.That((pods.Namespaces.Single().Text, pods.Names.Single().Text), Is.EqualTo(("shop-*", "web")));
        Assert.That(config.Rules.List.Single(r => r.Name == "metrics").Match.Kubernetes!.Paths.Select(p => p.Text), Is.EqualTo(new[] { "/metrics", "/logs/**" }));
    }

    [Test]
    public void Takes_the_local_issuer_where_only_that_one_lets_anybody_pass()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.Write("wiregate.yaml", File.ReadAllText(ConfigFixtures.PathOf("valid", "least"))
            + "rules: { list: [{ name: a, match: { from: { groups: [x] }, operations: all }, do: allow }, { name: b, match: { from: { groups: [x] } }, do: deny }] }\n");

        Assert.That(ConfigLoader.Load(path).Config!.Rules.List.Select(r => r.Match.From!.Issuer), Is.EqualTo(new[] { "local", null }));
    }

    [Test]
    public void Takes_no_more_masks_than_a_set_can_hold()
    {
        using var directory = new TemporaryDirectory();
        string least = File.ReadAllText(ConfigFixtures.PathOf("valid", "least"));

        Assert.That(Errors(64), Is.Empty);
        Assert.That(Errors(65).Single().Message, Does.Contain("more than 64 masks"));

        IEnumerable<ConfigError> Errors(int count) => ConfigLoader.Load(directory.Write(
            "wiregate.yaml",
            least + "masks:\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"  m{i}: {{ detect: [email] }}\n")))).Errors;
    }

    [Test]
    public void Merges_the_sections_of_included_files()
    {
        GatewayConfig config = Load("includes");

        Assert.That(config.Targets.Keys, Is.EquivalentTo(new[] { "a", "b" }));
        Assert.That(config.Secrets.Keys, Is.EquivalentTo(new[] { "a", "b" }));
        Assert.That(config.Grants.Select(g => g.Name), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(config.Grants[0].Issuer, Is.EqualTo("local"), "the only one configured");
    }

    [Test]
    public void Names_its_version_after_all_files_in_order()
    {
        byte[] all =
        [
            .. File.ReadAllBytes(ConfigFixtures.PathOf("valid", "includes")),
            .. File.ReadAllBytes(ConfigFixtures.PathOf("valid", "included/10-listeners")),
            .. File.ReadAllBytes(ConfigFixtures.PathOf("valid", "included/20-targets")),
        ];

        Assert.That(Load("includes").Version, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(all))[..12]));
    }

    [Test]
    public void Says_that_what_was_named_is_a_directory()
    {
        using var directory = new TemporaryDirectory();

        ConfigResult result = ConfigLoader.Load(directory.Path);

        Assert.That(result.Errors.Single().ToString(), Is.EqualTo($"{directory.Path}:1:1: {directory.Path} is a directory, name the file in it"));
    }

    [Test]
    public void Refuses_a_file_that_is_not_there()
    {
        ConfigResult result = ConfigLoader.Load("/nonexistent/wiregate.yaml");

        Assert.That(result.Errors.Single().ToString(), Does.StartWith("/nonexistent/wiregate.yaml:1:1: ").And.Contain("does not exist"));
    }

    [Test]
    public void Refuses_a_file_above_one_mebibyte()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.Write("wiregate.yaml", new string('#', (1 << 20) + 1));

        Assert.That(ConfigLoader.Load(path).Errors.Single().Message, Does.Contain("larger than 1 MiB"));
    }

    [Test]
    public void Takes_a_byte_order_mark_for_what_it_is()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.Write("wiregate.yaml", "\ufeff" + File.ReadAllText(ConfigFixtures.PathOf("valid", "least")));

        Assert.That(ConfigLoader.Load(path).Errors, Is.Empty);
    }

    [Test]
    public void Survives_every_truncation_of_the_largest_file()
    {
        using var directory = new TemporaryDirectory();
        string text = File.ReadAllText(ConfigFixtures.PathOf("valid", "every-key"));
        for (int length = 0; length < text.Length; length += 7)
        {
            ConfigResult result = ConfigLoader.Load(directory.Write("wiregate.yaml", text[..length]));

            Assert.That(result.Config is null, Is.EqualTo(!result.Errors.IsEmpty), $"cut at {length}");
        }
    }

    private static GatewayConfig Load(string name) => ConfigLoader.Load(ConfigFixtures.PathOf("valid", name)).Config!;
}

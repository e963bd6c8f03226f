using System.CommandLine;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using NUnit.Framework;
using WireGate.Commands;
using WireGate.Configuration;
using WireGate.Http.Forward;
using WireGate.Tests.Configuration;

namespace WireGate.Tests.Commands;

[SupportedOSPlatform("linux")]
internal sealed class CaCommandTests
{
    private TemporaryDirectory _directory = null!;

    private string Certificate => Path.Combine(_directory.Path, "ca.crt");

    private string Key => Path.Combine(_directory.Path, "ca.key");

    [SetUp]
    public void Make()
    {
        _directory = NewDirectory();
        Configure("[api.example.com, git.internal, 10.0.0.1]");
    }

    [TearDown]
    public void Dispose() => _directory.Dispose();

    [Test]
    public void Makes_one_for_the_hosts_of_targets_and_no_others()
    {
        (int exit, string output, string error) = Run("create");

        Assert.That(exit, Is.Zero, error);
        Assert.That(output, Does.Contain("made " + Certificate).And.Contain("api.example.com, git.internal\n").And.Contain(Key));
        Assert.That(File.GetUnixFileMode(Key), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        using X509Certificate2 made = X509Certificate2.CreateFromPemFile(Certificate, Key);
        Assert.That(ForwardAuthority.ProblemOf(made, DateTimeOffset.UtcNow), Is.Null);
        Assert.That(ForwardAuthority.NamesOf(made), Is.EqualTo(new[] { "api.example.com", "git.internal" }));
        Assert.That(Directory.EnumerateFiles(_directory.Path, "*.new"), Is.Empty);
    }

    [Test]
    public void Makes_one_for_hosts_to_come_so_that_clients_need_not_trust_another()
    {
        (int exit, string output, string error) = Run("create", "--host", "Example.com", "--host", "git.internal");

        Assert.That(exit, Is.Zero, error);
        Assert.That(output, Does.Contain("api.example.com, example.com, git.internal\n"));
        using X509Certificate2 made = X509Certificate2.CreateFromPemFile(Certificate, Key);
        Assert.That(ForwardAuthority.Permits(made, "other.example.com"));
        Assert.That(ForwardAuthority.Permits(made, "example.org"), Is.False);
    }

    [TestCase("com")]
    [TestCase("*.example.com")]
    [TestCase("10.0.0.1")]
    [TestCase("example.com.")]
    [TestCase("https://example.com")]
    public void Makes_none_for_what_is_no_name_or_too_wide(string host)
    {
        (int exit, _, string error) = Run("create", "--host", host);

        Assert.That((exit, error), Is.EqualTo((1, $"wiregate: --host {host}: write a name of two parts or more, like example.com\n")));
        Assert.That(File.Exists(Certificate), Is.False);
    }

    [Test]
    public void Replaces_one_only_when_told()
    {
        Run("create");
        string before = File.ReadAllText(Certificate);

        (int exit, _, string error) = Run("create");
        Assert.That((exit, File.ReadAllText(Certificate)), Is.EqualTo((1, before)));
        Assert.That(error, Does.Contain("--replace"));

        Assert.That(Run("create", "--replace").Exit, Is.Zero);
        Assert.That(File.ReadAllText(Certificate), Is.Not.EqualTo(before));
        X509Certificate2.CreateFromPemFile(Certificate, Key).Dispose();
    }

    [Test]
    public void Shows_it_and_how_clients_trust_it()
    {
        Run("create");
        (int exit, string output, string error) = Run("show");

        Assert.That(exit, Is.Zero);
        Assert.That(output.TrimEnd(), Is.EqualTo(File.ReadAllText(Certificate).TrimEnd()), "and nothing else, for > ca.crt");
        foreach (string variable in (string[])["HTTPS_PROXY=http://127.0.0.1:3128", "CURL_CA_BUNDLE=", "GIT_SSL_CAINFO=", "SSL_CERT_FILE=", "REQUESTS_CA_BUNDLE=", "NODE_EXTRA_CA_CERTS="])
        {
            Assert.That(error, Does.Contain("export " + variable));
        }

        JsonNode json = JsonNode.Parse(Run("show", "--json").Output)!;
        Assert.That((string?)json["proxy"], Is.EqualTo("http://127.0.0.1:3128"));
        Assert.That(json["names"]!.AsArray().Select(n => (string?)n), Is.EqualTo(new[] { "api.example.com", "git.internal" }));
        Assert.That(Run("show", "--json").Output, Does.Not.Contain("PRIVATE"));
    }

    [Test]
    public void Shows_nothing_where_there_is_none()
    {
        (int exit, string output, string error) = Run("show");

        Assert.That((exit, output), Is.EqualTo((1, "")));
        Assert.That(error, Does.Contain("wiregate ca create makes it"));
    }

    [Test]
    public void Wants_to_know_which_where_there_are_two()
    {
        Configure("[a]", """, { name: two, protocol: forward, address: "127.0.0.1:3129", ca: { certificate: /nowhere/c, key: /nowhere/k } }""");

        Assert.That(Run("create").Error, Does.Contain("--listener out or two"));
        Assert.That(Run("create", "--listener", "out").Exit, Is.Zero);
        Assert.That(Run("create", "--listener", "three").Error, Does.Contain("three"));
        Assert.That(Run("create", "--listener", "two").Error, Does.Contain("/nowhere"));
    }

    [Test]
    public void Check_says_how_one_that_is_not_there_is_made()
    {
        string[] errors = [.. ConfigFileChecks.Check(ConfigLoader.Load(Path.Combine(_directory.Path, "wiregate.yaml"))).Select(e => e.ToString())];

        Assert.That(errors, Has.One.Contains("ca.certificate: the file does not exist, correct the path, or make it: wiregate ca create"), string.Join('\n', errors));
    }

    [Test]
    public void Makes_none_for_nothing()
    {
        Configure("[10.0.0.1]");

        Assert.That(Run("create").Error, Does.Contain("no target of HTTP has hosts"));
        Assert.That(File.Exists(Certificate), Is.False);
    }

    private void Configure(string hosts, string more = "") => _directory.Write("wiregate.yaml", $$"""
        store: sqlite:/s.db
        audit: { to: /audit }
        listeners: [{ name: out, protocol: forward, address: "127.0.0.1:3128", ca: { certificate: {{Certificate}}, key: {{Key}} } }{{more}}]
        secrets: { s: { file: /s } }
        targets:
          api: { protocol: http, address: "https://example.com", hosts: {{hosts}}, logins: { a: { bearer: s } } }
        """);

    private (int Exit, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exit = CaCommand.Create().Parse([.. arguments, "--config", Path.Combine(_directory.Path, "wiregate.yaml")])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (exit, output.ToString(), error.ToString());
    }

    private static TemporaryDirectory NewDirectory() => new();
}

using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Testing.Admin;
using WireGate.Tests.Configuration;

namespace WireGate.Tests.Commands;

/// <summary>What kubectl is given: where the gateway is, whom it is signed by, and a placeholder.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class KubeconfigCommandTests
{
    private static readonly string Token = MemoryPlaceholders.TokenOf("0000000001");

    private static readonly string[] Ask = ["kubeconfig", "orders", "--subject", "alice", "--group", "dba"];

    [Test]
    public async Task Prints_one_that_holds_a_placeholder_and_nothing_else()
    {
        using var folder = new TemporaryDirectory();
        string certificate = Path.Combine(folder.Path, "chain.pem"), authority = Issue("CN=of ours");
        await File.WriteAllTextAsync(certificate, Issue("CN=gate") + "\n" + authority + "\n");
        await using CliHarness daemon = await OfCluster(certificate).StartAsync();

        (int code, string output, string error) = await daemon.RunAsync([.. Ask, "--namespace", "shop: a"]);

        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(output, Is.EqualTo($"""
            apiVersion: v1
            kind: Config
            current-context: "orders"
            clusters:
            - name: "orders"
              cluster:
                server: "https://prod.internal:8443"
                certificate-authority-data: {Convert.ToBase64String(Encoding.ASCII.GetBytes(authority))}
            contexts:
            - name: "orders"
              context:
                cluster: "orders"
                user: "orders"
                namespace: "shop: a"
            users:
            - name: "orders"
              user:
                token: {Token}

            """));
    }

    [Test]
    public async Task Mint_prints_the_same()
    {
        await using CliHarness daemon = await OfCluster("/nowhere").StartAsync();

        string output = (await daemon.RunAsync("placeholder", "mint", "--subject", "alice", "--group", "dba", "--target", "orders", "--as", "kubeconfig")).Output;
        Assert.That(output, Does.Contain("server: \"https://prod.internal:8443\"\n").And.Contain($"token: {Token}\n").And.Not.Contain("certificate-authority"));
    }

    [Test]
    public async Task An_authority_that_is_named_counts_and_a_certificate_that_others_signed_is_none()
    {
        using var folder = new TemporaryDirectory();
        string named = Path.Combine(folder.Path, "ca.pem");
        await File.WriteAllTextAsync(named, "whatever it is\n");
        await using CliHarness daemon = await OfCluster("/nowhere").StartAsync();

        Assert.That((await daemon.RunAsync([.. Ask, "--authority", named])).Output, Does.Contain($"certificate-authority-data: {Convert.ToBase64String("whatever it is\n"u8)}\n"));
        Assert.That((await daemon.RunAsync([.. Ask, "--authority", "/nowhere"])).Error, Does.StartWith("wiregate: --authority /nowhere: "));
        Assert.That((await daemon.RunAsync([.. Ask, "--authority", named])).Error, Does.Not.Contain("--authority"));
        Assert.That((await daemon.RunAsync(Ask)).Error, Does.Contain("does not say who signed it").And.Contain("--authority FILE"));
    }

    [Test]
    public async Task Where_no_listener_has_TLS_there_is_none()
    {
        CliHarness harness = OfCluster("/nowhere");
        harness.Config = harness.Config with { Listeners = [harness.Config.Listeners[0]] };
        await using CliHarness daemon = await harness.StartAsync();

        (int code, string output, string error) = await daemon.RunAsync(Ask);
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error, Does.Contain("no listener with TLS reaches the target").And.Contain("placeholder revoke 0000000001"));
    }

    [Test]
    public async Task A_proxy_that_alone_leads_there_stands_in_it()
    {
        string certificate = Path.GetTempFileName(), pem = Issue("CN=authority");
        await File.WriteAllTextAsync(certificate, pem);
        CliHarness harness = OfCluster(certificate);
        ListenerConfig proxy = SampleConfig.Listener("127.0.0.1:3128") with { Protocol = ProtocolNames.Forward, Target = null, Authority = new ForwardAuthorityConfig(certificate, "/k") };
        harness.Config = harness.Config with
        {
            Listeners = [proxy],
            Targets = harness.Config.Targets.ToFrozenDictionary(t => t.Key, t => t.Value with { Tls = new ClientTlsConfig { Mode = TlsMode.VerifyFull } }),
        };
        await using CliHarness daemon = await harness.StartAsync();

        string output = (await daemon.RunAsync(Ask)).Output;
        File.Delete(certificate);
        Assert.That(output, Does.Match("    server: \"https://prod\\.internal(:[0-9]+)?\"\n").And.Contain("    proxy-url: \"http://127.0.0.1:3128\"\n")
            .And.Contain(Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(pem.Trim()))[..60]));
    }

    [Test]
    public async Task Another_target_has_none()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();

        Assert.That((await daemon.RunAsync(Ask)).Error, Does.Contain("reached by PostgreSQL, write --as dsn or --as env"));
    }

    private static CliHarness OfCluster(string certificate)
    {
        CliHarness harness = new();
        ListenerConfig clear = SampleConfig.Listener("127.0.0.1:8080") with { Protocol = ProtocolNames.Http, Target = null };
        harness.Config = harness.Config with
        {
            Targets = harness.Config.Targets.ToFrozenDictionary(t => t.Key, t => t.Value with { Protocol = ProtocolNames.Kubernetes, Hosts = ["prod.internal"] }),
            Listeners = [clear, SampleConfig.Listener("127.0.0.1:8443") with { Protocol = ProtocolNames.Http, Target = null, Name = "tls", Tls = new ServerTlsConfig(certificate, "/k") }],
        };
        return harness;
    }

    private static string Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 made = new CertificateRequest(name, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        return made.ExportCertificatePem();
    }
}

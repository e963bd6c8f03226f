using System.Diagnostics;
using System.Net;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Identities.Unix;

namespace WireGate.Admin.Tests;

public sealed class AccessTests
{
    private const string Mint = """{"subject":"alice","groups":["dba"],"targets":["orders"]}""";

    private static readonly (string Verb, HttpMethod Method, string Path, string? Body)[] Calls =
    [
        ("mint", HttpMethod.Post, "/v1/placeholders", Mint),
        ("list", HttpMethod.Get, "/v1/placeholders", null),
        ("show", HttpMethod.Get, "/v1/placeholders/0000000001", null),
        ("revoke", HttpMethod.Post, "/v1/placeholders/revoke", """{"all":true}"""),
        ("sessions", HttpMethod.Get, "/v1/sessions", null),
        ("kill", HttpMethod.Post, "/v1/sessions/kill", """{"target":"orders"}"""),
        ("why", HttpMethod.Get, "/v1/why/7F3K2Q", null),
        ("status", HttpMethod.Get, "/v1/status", null),
    ];

    [TestCase(0u, "mint list show revoke sessions kill why status", TestName = "Root_may_do_everything")]
    [TestCase(500u, "mint list show revoke sessions kill why status", TestName = "The_daemons_own_user_may_do_everything")]
    [TestCase(1001u, "mint list show revoke sessions kill why status", TestName = "An_admin_may_do_everything")]
    [TestCase(1002u, "mint list show revoke", TestName = "A_minter_has_the_placeholder_verbs_only")]
    [TestCase(1003u, "", TestName = "A_user_without_a_role_may_do_nothing")]
    [TestCase(4711u, "", TestName = "A_uid_without_a_name_may_do_nothing")]
    public async Task A_role_opens_its_verbs_and_no_other(uint uid, string allowed)
    {
        await using AdminHarness daemon = new() { CallerUserId = uid };
        await daemon.StartAsync();
        foreach ((string verb, HttpMethod method, string path, string? body) in Calls)
        {
            (HttpStatusCode status, _, string? type) = await daemon.SendAsync(method, path, body);
            bool isAllowed = allowed.Split(' ').Contains(verb);
            Assert.That(status != HttpStatusCode.Forbidden, Is.EqualTo(isAllowed), $"{verb} answered {status}");
            Assert.That(isAllowed || type == "application/problem+json", verb);
        }
    }

    [Test]
    public async Task A_refused_change_is_in_the_audit_log_before_the_answer()
    {
        await using AdminHarness daemon = new() { CallerUserId = 1003 };
        await daemon.StartAsync();
        await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", Mint);
        AuditEvent fact = daemon.Audit.Events.Single();
        Assert.That(fact.Kind, Is.EqualTo(AuditEventKind.AdminAction));
        Assert.That(fact.Actor!.ToString(), Is.EqualTo("unix:uid:1003"));
        Assert.That(daemon.Audit.Durable, Is.EqualTo(1));
        Assert.That(daemon.Placeholders.List(), Is.Empty);
    }

    [TestCase("/v1/nothing", HttpStatusCode.NotFound)]
    [TestCase("/v1/sessions/kill", HttpStatusCode.MethodNotAllowed)]
    public async Task Says_what_does_not_exist_to_those_with_a_role_only(string path, HttpStatusCode forAdmin)
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        Assert.That((await daemon.SendAsync(HttpMethod.Get, path)).Status, Is.EqualTo(forAdmin));
        daemon.CallerUserId = 1003;
        Assert.That((await daemon.SendAsync(HttpMethod.Get, path)).Status, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task A_reload_changes_the_roles_of_the_next_request()
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/status")).Status, Is.EqualTo(HttpStatusCode.OK));
        daemon.Config = daemon.Config with { Admin = new AdminConfig { SocketPath = daemon.SocketPath } };
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/status")).Status, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task The_kernel_says_who_calls()
    {
        await using AdminHarness daemon = new() { CallerUserId = null };
        await daemon.StartAsync();
        (HttpStatusCode own, _, _) = await daemon.SendAsync(HttpMethod.Get, "/v1/status");
        bool isRoot = UnixAccounts.CurrentUserId == 0;
        // The harness' daemon runs as uid 500, so this process has a role only as root.
        Assert.That(own, Is.EqualTo(isRoot ? HttpStatusCode.OK : HttpStatusCode.Forbidden));
        if (!isRoot || !OperatingSystem.IsLinux())
        {
            return;
        }

        // Root can ask for a caller with another uid: curl, run as nobody.
        const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;
        File.SetUnixFileMode(daemon.DirectoryPath, Everybody);
        File.SetUnixFileMode(daemon.SocketPath, Everybody);
        ProcessStartInfo start = new("setpriv")
        {
            ArgumentList =
            {
                "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "--silent", "--max-time", "20", "--output", "/dev/null",
                "--write-out", "%{http_code}", "--unix-socket", daemon.SocketPath, "http://wiregate/v1/status",
            },
            RedirectStandardOutput = true,
        };
        using Process curl = Process.Start(start)!;
        string answer = await curl.StandardOutput.ReadToEndAsync();
        await curl.WaitForExitAsync();
        Assert.That(answer, Is.EqualTo("403"));
    }
}

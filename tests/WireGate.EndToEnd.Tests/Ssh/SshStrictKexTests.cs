using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Nothing but the key exchange comes before the first keys, or a peer on the way could take packets away unseen.</summary>
internal sealed class SshStrictKexTests : SshFixture
{
    private const string Strict = "which both sides agreed to keep strict";
    private const string Promised = "promises a strict key exchange";

    private const string Tried = "userauth-request for user ";

    private static readonly byte[] Ignored = RawSshClient.Packet([RawSshClient.Ignore, .. RawSshClient.Of("x")]);
    private static readonly byte[] Debugged = RawSshClient.Packet([RawSshClient.Debug, 1, .. RawSshClient.Of("x"), .. RawSshClient.Of("")]);

    // The clock ends nobody here: who is disconnected is so for what was said.
    protected override string Limits => "authentication: 5m, ";

    [TestCase(RawSshClient.Ignore)]
    [TestCase(RawSshClient.Debug)]
    [TestCase(RawSshClient.Unimplemented)]
    [TestCase(RawSshClient.ExtInfo)]
    [TestCase(RawSshClient.KexInit)]
    [TestCase(RawSshClient.ServiceRequest)]
    [TestCase(RawSshClient.UserAuthRequest)]
    public async Task A_client_that_says_anything_else_behind_its_KEXINIT_is_disconnected(byte kind)
    {
        await using RawSshClient client = await RawSshClient.GreetAsync(Gateway.Port);
        await client.SendAsync(RawSshClient.Packet(RawSshClient.KexInitOf(isStrict: true)));
        await client.SendAsync(RawSshClient.Packet(kind == RawSshClient.KexInit ? RawSshClient.KexInitOf(isStrict: true) : [kind, 0, 0, 0, 0]));
        await client.SendAsync(RawSshClient.Packet(RawSshClient.EcdhInitOfNobody()));

        await Wait.UntilAsync(client.IsClosed, "the end");

        Assert.That(client.Kinds(), Is.EqualTo(new byte[] { RawSshClient.KexInit, 1 }), "SSH_MSG_DISCONNECT, and no key of ours");
    }

    [TestCase(RawSshClient.Ignore)]
    [TestCase(RawSshClient.Debug)]
    [TestCase(RawSshClient.ExtInfo)]
    [TestCase(RawSshClient.KexInit)]
    public async Task One_that_says_it_between_the_keys_and_NEWKEYS_is_disconnected(byte kind)
    {
        await using RawSshClient client = await RawSshClient.GreetAsync(Gateway.Port);
        await client.SendAsync(RawSshClient.Packet(RawSshClient.KexInitOf(isStrict: true)));
        await client.SendAsync(RawSshClient.Packet(RawSshClient.EcdhInitOfNobody()));
        await Wait.UntilAsync(() => client.IsClosed() || client.Kinds().Contains(RawSshClient.NewKeys), "the gateway's NEWKEYS");
        Assert.That(client.IsClosed(), Is.False);

        await client.SendAsync(RawSshClient.Packet(kind == RawSshClient.KexInit ? RawSshClient.KexInitOf(isStrict: true) : [kind, 0, 0, 0, 0]));

        await Wait.UntilAsync(client.IsClosed, "the end");
    }

    [Test]
    public async Task One_that_says_it_before_its_KEXINIT_is_disconnected()
    {
        await using RawSshClient client = await RawSshClient.GreetAsync(Gateway.Port);
        await client.SendAsync(Ignored);
        await client.SendAsync(RawSshClient.Packet(RawSshClient.KexInitOf(isStrict: true)));
        await client.SendAsync(RawSshClient.Packet(RawSshClient.EcdhInitOfNobody()));

        await Wait.UntilAsync(client.IsClosed, "the end");

        Assert.That(client.Kinds(), Is.EqualTo(new byte[] { RawSshClient.KexInit, 1 }));
    }

    [Test]
    public async Task One_that_promises_nothing_may_say_what_is_passed_over()
    {
        await using RawSshClient client = await RawSshClient.GreetAsync(Gateway.Port);
        await client.SendAsync(Ignored);
        await client.SendAsync(RawSshClient.Packet(RawSshClient.KexInitOf(isStrict: false)));
        await client.SendAsync(Debugged);
        await client.SendAsync(RawSshClient.Packet(RawSshClient.EcdhInitOfNobody()));

        await Wait.UntilAsync(() => client.IsClosed() || client.Kinds().Contains(RawSshClient.NewKeys), "the gateway's NEWKEYS");

        Assert.That(client.Kinds(), Is.EqualTo(new[] { RawSshClient.KexInit, RawSshClient.EcdhReply, RawSshClient.NewKeys }));
    }

    [TestCase("nothing", 1, null)]
    [TestCase("ignore", 0, Promised)]
    [TestCase("ignore", 1, Strict)]
    [TestCase("ignore", 2, Strict)]
    [TestCase("debug", 1, Strict)]
    [TestCase("KEXINIT", 1, Strict)]
    public async Task What_somebody_slips_into_the_words_of_ssh_is_found(string what, int after, string? why)
    {
        await using var between = new PlaintextInjector(Gateway.Port, fromCaller: true, after, kexInit => Injected(what, kexInit));
        int before = await ViolationsAsync(why);

        ToolResult result = await Endpoint.SshAsync(
            [$"-p{between.Port.ToString(CultureInfo.InvariantCulture)}", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "gate", "echo in"]);

        Assert.That((result.ExitCode, result.Output), Is.EqualTo(why is null ? (0, "in\n") : (255, "")), result.ToString());
        await Wait.UntilAsync(async () => await ViolationsAsync(why) > before || why is null, "the violation in the audit log");
    }

    [TestCase("nothing", 1, null)]
    [TestCase("ignore", 0, Promised)]
    [TestCase("ignore", 1, Strict)]
    [TestCase("ignore", 2, Strict)]
    [TestCase("debug", 1, Strict)]
    [TestCase("KEXINIT", 1, Strict)]
    public async Task What_somebody_slips_into_the_words_of_sshd_is_found_and_no_key_of_the_login_is_shown(string what, int after, string? why)
    {
        // Every try of a login is told.
        await using SshHost host = await SshHost.StartAsync("LogLevel DEBUG1");
        await using var between = new PlaintextInjector(host.Port, fromCaller: false, after, kexInit => Injected(what, kexInit));
        await using SshGateway gateway = await SshGateway.StartAsync(host, edit: text =>
            text.Replace($"address: 127.0.0.1:{host.Port}\n", $"address: 127.0.0.1:{between.Port}\n", StringComparison.Ordinal));

        ToolResult result = await gateway.Through(await gateway.MintAsync()).ExecAsync("echo in");

        if (why is null)
        {
            Assert.That(result.Succeeded().Output, Is.EqualTo("in\n"));
            Assert.That(() => host.Log, Does.Contain(Tried).After(10_000, 50));
            return;
        }

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")));
        string reference = result.Error.Split("(ref ")[1].Split(')')[0];
        Assert.That((await gateway.CommandAsync("why", reference)).Succeeded().Output, Does.Contain(why));
        await Wait.UntilAsync(() => host.Log.Contains("do_cleanup", StringComparison.Ordinal), "sshd to be done with it");
        Assert.That(host.Log, Does.Not.Contain(Tried));
    }

    private async Task<int> ViolationsAsync(string? why) => (await Gateway.AuditAsync()).Split(why ?? "violation").Length;

    private static byte[] Injected(string what, byte[] kexInit) => what switch
    {
        "ignore" => Ignored,
        "debug" => Debugged,
        "KEXINIT" => kexInit,
        _ => [],
    };
}

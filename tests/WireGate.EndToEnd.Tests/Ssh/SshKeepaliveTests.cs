using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Each side asks the other whether it is still there, through the gateway, and believes nobody who does not answer.</summary>
internal sealed class SshKeepaliveTests : SshFixture
{
    private const int Stop = 19, Continue = 18;

    protected override string[] Settings => ["LogLevel DEBUG3", "ClientAliveInterval 1", "ClientAliveCountMax 2"];

    // SSH_MSG_GLOBAL_REQUEST and SSH_MSG_REQUEST_FAILURE; SSH_MSG_CHANNEL_REQUEST and SSH_MSG_CHANNEL_FAILURE. Who hears something does not ask.
    [TestCase("-oServerAliveInterval=1", "send packet: type 80", "receive packet: type 82")]
    [TestCase("-oServerAliveInterval=0", "rtype keepalive@openssh.com reply 1", "send packet: type 100")]
    public async Task An_idle_session_lives_while_one_side_asks_and_the_other_answers(string setting, string question, string answer)
    {
        await using RunningProcess idle = Endpoint.Start("-vvv", setting, "-oServerAliveCountMax=2", "gate", "echo in; cat");
        await Wait.UntilAsync(() => idle.Output.Contains("in", StringComparison.Ordinal), "the session");

        await Wait.UntilAsync(() => Count(idle.Error, question) > 4 && Count(idle.Error, answer) > 4, "questions and their answers");
        Assert.That(idle.HasExited, Is.False);
    }

    [Test]
    public async Task A_gateway_that_hangs_is_left_by_the_client()
    {
        await using SshGateway gateway = await SshGateway.StartAsync(Host);
        await using RunningProcess idle = gateway.Through(await gateway.MintAsync()).Start("-oServerAliveInterval=1", "-oServerAliveCountMax=2", "gate", "echo in; cat");
        await Wait.UntilAsync(() => idle.Output.Contains("in", StringComparison.Ordinal), "the session");
        gateway.Signal(Stop);

        Assert.That(await idle.WaitForExitAsync(), Is.EqualTo(255));
        Assert.That(idle.Error, Does.Contain("not responding"));
        gateway.Signal(Continue);
    }

    [Test]
    public async Task A_client_that_hangs_is_left_by_the_upstream_and_its_session_ends()
    {
        await using SshGateway gateway = await SshGateway.StartAsync(Host);
        await using RunningProcess hung = gateway.Through(await gateway.MintAsync()).Start("gate", "echo in; cat");
        await Wait.UntilAsync(() => hung.Output.Contains("in", StringComparison.Ordinal), "the session");
        hung.Signal(Stop);

        await Wait.UntilAsync(async () => (await gateway.AuditAsync()).Contains("\"end\":\"upstream-closed\"", StringComparison.Ordinal), "the end of the session");
        Assert.That(() => Host.Log, Does.Contain("not responding").After(10_000, 50));
        hung.Signal(Continue);
        Assert.That(await hung.WaitForExitAsync(), Is.EqualTo(255));
    }

    private static int Count(string log, string what) => log.Split(what).Length - 1;
}

using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>Variables that a target lists.</summary>
internal sealed class RelayVariableTests : RelayFixture
{
    [TestCase("GIT_PROTOCOL", "version=2", true, "GIT_PROTOCOL")]
    [TestCase("GIT_SSH_COMMAND", "/x", false, "GIT_PROTOCOL")]
    [TestCase("GIT_SSH_COMMAND", "/x", true, "GIT_*")]
    [TestCase("GIT_PROTOCOL", "version=2", false, "*")]
    [TestCase("APP_MODE", "a b", true, "FOO", "APP_*")]
    [TestCase("APP_MODE", "a b", false, "*")]
    [TestCase("APP_MODE", "a b", false, "A*")]
    [TestCase("APP_MODE", "a b", false, "APP_*E")]
    [TestCase("PS4", "$(id)", false, "*")]
    [TestCase("PS4", "$(id)", false, "P*")]
    [TestCase("PS4", "$(id)", true, "PS4")]
    [TestCase("SHELLOPTS", "xtrace", false, "SHELL*")]
    [TestCase("_", "x", false, "_*")]
    [TestCase("app_mode", "a b", false, "APP_*")]
    [TestCase("LD_PRELOAD", "/x", true, "LD_PRELOAD")]
    [TestCase("LD_PRELOAD", "/x", true, "LD_*")]
    [TestCase("LD_PRELOAD", "/x", false, "*PRELOAD")]
    [TestCase("LD_PRELOAD", "/x", false, "*")]
    [TestCase("LD_PRELOAD", "/x", false, "**")]
    [TestCase("BASH_ENV", "/x", false, "*")]
    [TestCase("BASH_ENV", "/x", true, "*", "BASH_ENV")]
    [TestCase("TZ", "Europe/Berlin", true, "TZ")]
    [TestCase("TZ", "Europe/Berlin", false, "*")]
    [TestCase("LANG", "C", true, "FOO")]
    [TestCase("FOO", "a\nb", false, "FOO")]
    [TestCase("FOO", "\u00fc", false, "FOO")]
    [TestCase("FOO=1", "x", false, "*")]
    [TestCase("", "x", false, "*")]
    public Task A_variable_that_is_listed_passes_and_no_other(string name, string value, bool passes, params string[] listed) =>
        ListedAsync(listed, (client, upstream) => SetAsync(client, upstream, name, value, passes));

    [TestCase(1024, 128, true)]
    [TestCase(1025, 128, false)]
    [TestCase(1024, 129, false)]
    public Task What_is_listed_has_its_limits(int value, int name, bool passes) =>
        ListedAsync(["N_*"], (client, upstream) => SetAsync(client, upstream, "N_" + new string('N', name - 2), new string('v', value), passes));

    [Test]
    public Task What_is_listed_no_more_passes_no_more() => ListedAsync(["FOO"], async (client, upstream) =>
    {
        await SetAsync(client, upstream, "FOO", "x", true);
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
        List();
        await SendAsync(client, Request(Theirs, "env").String("FOO").String("x"));
        Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.Failure(Mine)));
    });

    private static async Task SetAsync(SshTransport client, SshTransport upstream, string name, string value, bool passes)
    {
        await OpenSessionAsync(client, upstream);
        if (passes)
        {
            await PassAsync(client, upstream, Request(Theirs, "env").String(name).String(value));
        }
        else
        {
            await SendAsync(client, Request(Theirs, "env").String(name).String(value));
            Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.Failure(Mine)));
        }
    }

    private async Task ListedAsync(string[] listed, Func<SshTransport, SshTransport, Task> script)
    {
        Relayed = await StartAsync();
        List(listed);
        await Relayed.OnLoopAsync(() => script(Relayed.Client, Relayed.Upstream));
    }

    private void List(params string[] listed) => Relayed.Config = Relayed.Config with
    {
        Targets = Relayed.Config.Targets.Values.Select(t => t with { Environment = [.. listed.Select(l => new NamePattern(l))] }).ToFrozenDictionary(t => t.Name),
    };
}

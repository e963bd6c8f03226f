using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Ssh.Transport;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>A relay in which the command <c>reboot</c> and some forwards wait for people, and Ann, who may say yes.</summary>
internal abstract class HeldFixture : RelayFixture
{
    protected static readonly Approver Ann = new(new Identity { Issuer = Identity.UnixIssuer, Subject = "ann", Groups = ["sre"] }, 1002);

    private static RulesConfig Rules { get; } = new()
    {
        List =
        [
            new RuleConfig { Name = "all", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow },
            Naming(Verdict.Allow, "*@example.com"),
            new RuleConfig
            {
                Name = "careful",
                Match = new MatchConfig
                {
                    Ssh = new SshMatchConfig
                    {
                        Exec = [CommandPattern.Of("reboot")],
                        Forward = [Forward("db:5432", isListen: false), Forward("localhost:99", isListen: true)],
                    },
                },
                Do = Verdict.Hold,
                Hold = new HoldTerms([new ApproverTerms(null, ["sre"], 1)], TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)),
            },
        ],
    };

    protected MemoryApprovalStore Store { get; private set; } = null!;

    protected ApprovalRegistry Registry { get; private set; } = null!;

    [TearDown]
    public void Close() => Registry?.Dispose();

    protected async Task HeldAsync(Func<SshTransport, SshTransport, Task> script, IRecorder? recorder = null)
    {
        Store = new MemoryApprovalStore();
        Relayed = await OpenAsync(
            Rules,
            time => Registry = ApprovalRegistry.OpenAsync(Store, new MemoryAudit(), time, NullLogger.Instance, _ => [], person => person).Result,
            recorder,
            []);
        await Relayed.OnLoopAsync(() => script(Relayed.Client, Relayed.Upstream));
    }

    /// <summary>The client asks for what waits, and is told so.</summary>
    protected static async Task HoldAsync(SshTransport client)
    {
        await SendAsync(client, Request(Theirs, "exec").String("reboot"));
        Assert.That(Encoding.UTF8.GetString(await ReadAsync(client)), Does.Contain("waiting for approval"));
    }

    protected async Task<string> AskedAsync()
    {
        await UntilAsync(() => !Store.All.IsEmpty);
        return Store.All[0].Id;
    }

    protected async Task ApproveAsync() => await OnLoopAsync(Registry.ApproveAsync(Ann, await AskedAsync(), null, CancellationToken.None).AsTask());

    protected Task StateAsync(ApprovalState state) => UntilAsync(() => Store.All[0].State == state);

    /// <summary>What others do goes on elsewhere; what follows is back on the loop.</summary>
    protected async Task OnLoopAsync(Task elsewhere)
    {
        await elsewhere;
        await Relayed.Session.Loop.Switch();
    }

    protected async Task UntilAsync(Func<bool> condition)
    {
        DateTime late = DateTime.UtcNow.AddSeconds(20);
        while (!condition())
        {
            Assert.That(DateTime.UtcNow, Is.LessThan(late), "the condition");
            await Relayed.YieldAsync();
        }
    }

    private static ForwardPattern Forward(string text, bool isListen) =>
        ForwardPattern.TryParse(text, isListen, out ForwardPattern? pattern) ? pattern : throw new FormatException(text);
}

using System.Collections.Frozen;
using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;

namespace WireGate.Ssh.Operations;

/// <summary>Something that a client asks for, and that people are asked about.</summary>
/// <param name="Operation">What it is.</param>
/// <param name="Request">The client's message, which goes to the upstream as it is.</param>
/// <param name="Environment">What the client has set for it: <c>NAME=value</c> each.</param>
internal sealed record HeldOperation(SshOperation Operation, byte[] Request, IReadOnlyList<string> Environment)
{
    // With every character of it escaped it is shown whole.
    private const int MostEnvironment = 1024;

    private bool HasPty => Operation is SshExec { HasPty: true } or SshShell { HasPty: true } or SshSubsystem { HasPty: true };

    private string Kind => Operation switch
    {
        SshExec => "exec",
        SshShell => "shell",
        SshSubsystem => "subsystem",
        SshForward => "forward",
        _ => Operation.GetType().Name,
    };

    private string Words => Operation switch
    {
        SshExec exec => $"{Kind} {exec.Command}",
        SshShell => Kind,
        SshSubsystem subsystem => $"{Kind} {subsystem.Name}",
        _ => $"{Kind} {Operation}",
    };

    /// <summary>What people are asked.</summary>
    /// <returns>Null: they would not see all of it.</returns>
    public ApprovalRequest? Ask(Session session, Decision decision)
    {
        byte[] text = Encoding.UTF8.GetBytes(Words);
        if (Operation.Unknown is not null || ApprovalDisplay.WholeOf(text) is not { } shown || Environment.Sum(e => e.Length) > MostEnvironment)
        {
            return null;
        }

        Caller caller = session.ProvenCaller;
        Access access = session.Access!;
        string upstream = string.Join(", ", access.Target.Addresses);
        FrozenDictionary<string, string> context = Context();
        return new ApprovalRequest
        {
            Kind = ApprovalKind.Operation,
            Requester = caller.Identity,
            Placeholder = caller.Placeholder?.Id,
            MintedBy = caller.Placeholder?.MintedBy,
            Session = session.Id,
            Target = access.Target.Name,
            Login = access.Login.Name,
            Protocol = ProtocolNames.Ssh,
            Source = session.SourceAddress?.ToString(),
            Digest = ApprovalDigest.Of(ProtocolNames.Ssh, access.Target.Name, upstream, access.Login.Name, caller.Identity, Kind, Request, [], context),
            Key = ApprovalDigest.KeyOf(ProtocolNames.Ssh, access.Target.Name, upstream, null, access.Login.Name, caller.Identity.Subject, text, []),
            Display = shown,
            Context = context,
            Rule = decision.Rule,
            Config = decision.Config,
            Terms = decision.Hold!,
        };
    }

    private FrozenDictionary<string, string> Context()
    {
        var context = new Dictionary<string, string>();
        if (HasPty)
        {
            context.Add(ApprovalRequest.TerminalContext, "yes");
        }

        if (Environment.Count > 0)
        {
            // Each in quotes, as a shell has them: one with a blank in it is one.
            context.Add("environment", ApprovalDisplay.Line(string.Join(' ', Environment.Select(e => $"'{e.Replace("'", @"'\''", StringComparison.Ordinal)}'"))));
        }

        return context.ToFrozenDictionary(StringComparer.Ordinal);
    }
}

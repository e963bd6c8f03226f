using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;

namespace WireGate.Http.Relaying;

/// <content>What the gateway tells of an approval to whoever asked for it. Nothing of that reaches an upstream.</content>
internal sealed partial class Exchange
{
    private bool AsksForApproval => Head.ReadTarget().Path.StartsWith(HoldAnswers.PlaceBytes);

    /// <returns>False: the connection ends.</returns>
    private async ValueTask<bool> ShowApprovalAsync()
    {
        if (!Head.Method.SequenceEqual("HEAD"u8) && !Head.Method.SequenceEqual("GET"u8))
        {
            return await BreakAsync(405, "what becomes of an approval is asked by GET");
        }

        string id = Encoding.ASCII.GetString(Head.ReadTarget().Path[HoldAnswers.PlaceBytes.Length..]);
        Refusal? refusal = Prove(out _, out Placeholder? placeholder);
        Approval? found = null;
        try
        {
            found = refusal is null ? await Process.Approvals.FindAsync(id, placeholder!.Identity, CancellationToken.None) : null;
        }
        catch (StoreUnavailableException e)
        {
            refusal = new Refusal(SessionEnd.AuditFailed, "the gateway's store is not available", e.Message);
        }

        await Session.Loop.Switch();
        if (refusal is not null)
        {
            return Session.IsOpened ? await RefuseAsync(refusal) : await RefuseAsync(of.Open() ?? refusal);
        }

        // Who has proven nothing else is no Session.
        bool isLast = Session.Caller is null;
        if (Session.Caller is null)
        {
            Session.TryEnd(SessionEnd.NoSession);
        }

        return await (found is null ? AnswerAsync(404, "no such approval", null, isLast) : AnswerAsync(HoldAnswers.State(found), isLast));
    }
}

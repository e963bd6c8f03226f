using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;
using WireGate.Http.Http1;

namespace WireGate.Http.Relaying;

/// <content>What the gateway tells of an approval to whoever asked for it. Nothing of that reaches an upstream.</content>
internal sealed partial class ClientConnection
{
    private bool AsksForApproval => _head.ReadTarget().Path.StartsWith(HoldAnswers.PlaceBytes);

    /// <returns>False: the connection ends.</returns>
    private async ValueTask<bool> ShowApprovalAsync()
    {
        bool isToHead = _head.Method.SequenceEqual("HEAD"u8);
        if (!isToHead && !_head.Method.SequenceEqual("GET"u8))
        {
            return await BreakAsync(405, "what becomes of an approval is asked by GET");
        }

        string id = Encoding.ASCII.GetString(_head.ReadTarget().Path[HoldAnswers.PlaceBytes.Length..]);
        Refusal? refusal = Prove(out _, out Placeholder? placeholder);
        Approval? found = null;
        try
        {
            found = refusal is null ? await services.Approvals.FindAsync(id, placeholder!.Identity, CancellationToken.None) : null;
        }
        catch (StoreUnavailableException e)
        {
            refusal = new Refusal(SessionEnd.AuditFailed, "the gateway's store is not available", e.Message);
        }

        await session.Loop.Switch();
        if (refusal is not null)
        {
            return session.IsOpened ? await RefuseAsync(refusal) : await RefuseAsync(Open() ?? refusal);
        }

        // Who has proven nothing else is no session.
        bool isLast = session.Caller is null || _head.IsLast || _head.IsHttp10 || _head.Body.Kind != BodyKind.None;
        if (session.Caller is null)
        {
            session.TryEnd(SessionEnd.NoSession);
        }

        if (found is null)
        {
            return await AnswerAsync(404, "no such approval", null, isLast);
        }

        _isAnswered = true;
        HoldAnswers.WriteState(Output, found, isToHead, isLast);
        bool isGone = (await Output.FlushAsync(CancellationToken.None)).IsCompleted;
        if (isLast && !isGone)
        {
            await LingerAsync();
        }

        return !isLast && !isGone;
    }
}

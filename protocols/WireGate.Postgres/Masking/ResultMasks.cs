using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Framing;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Relaying;

namespace WireGate.Postgres.Masking;

/// <summary>
/// The results of a session with masks as they pass. No row passes without a RowDescription of this very execution; what cannot be masked
/// is cut off, and the client sees an error, never the beginning of a success. On the session's loop.
/// </summary>
internal sealed class ResultMasks(SessionMasks masks, PendingReplies replies)
{
    // What is longer is searched on the pool: detectors take up to a microsecond for each byte of what was made for it.
    private const int MostOnLoop = 64 * 1024;

    private const string CatalogChanged = "what the statement reads was changed while it waited: send it again";

    private readonly RowBuffer _buffer = new();
    private readonly RowBuffer _description = new();
    private bool _isDescribed;
    private RowMask? _rows;
    private CopyMasker? _copy;
    private bool _isCopying;
    private int _statement;
    private (JudgedText Text, OperationRefusal Refusal)? _blocked;

    // Something is done since ReadyForQuery that the upstream does not take back when it is only the client that sees an error.
    private bool _hasDone;

    // Of what ran since ReadyForQuery: a setting that it changed is reported only then, when the next text may be planned already.
    private readonly List<ProtectionMap> _ran = [];

    /// <summary>What of it a Describe of a portal carries in the queue of replies.</summary>
    public static object Portal { get; } = new();

    /// <summary>A result was cut off: nothing of what follows passes up to ReadyForQuery.</summary>
    public bool IsBlocked => _blocked is not null;

    /// <summary>The session ends: nothing at all passes any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Something ran that names what is hidden, and settings that it changed may be reported from now on up to ReadyForQuery.</summary>
    public bool IsSensitive { get; private set; }

    /// <summary>A row of a masked operation comes.</summary>
    public FrameAction OnRow() => _rows is { IsClean: true } ? FrameAction.Forward : FrameAction.Inspect;

    /// <summary>The data of a COPY comes.</summary>
    public FrameAction OnCopyData()
    {
        if (replies.First.Plan is not null && !_isCopying)
        {
            PendingReplies.Refuse();
        }

        return _copy is null ? FrameAction.Forward : FrameAction.Inspect;
    }

    /// <summary>A RowDescription of the portal that is executed next, or of the query that runs.</summary>
    public void OnDescription(ReadOnlySpan<byte> body)
    {
        _description.Clear();
        _description.Bytes(body);
        (_isDescribed, _rows) = (true, null);
    }

    /// <summary>Something came by which the description is of what went before.</summary>
    public void Forget() => (_isDescribed, _rows, _copy, _isCopying) = (false, null, null, false);

    /// <summary>One statement is done.</summary>
    public void OnCompleted()
    {
        IsSensitive |= replies.First.Plan is { IsSensitive: true };
        _hasDone |= replies.First.Plan is not { OnlyReads: true };
        if (replies.First.Plan is { } plan && !_ran.Contains(plan.Map))
        {
            _ran.Add(plan.Map);
        }

        Forget();

        // An Execute is one, and a Query may be behind it without a Sync between them.
        _statement += replies.First.Message == FrontendMessage.Query ? 1 : 0;
    }

    /// <summary>ReadyForQuery.</summary>
    public void OnReady()
    {
        Forget();
        _ran.Clear();
        (_statement, _blocked, _hasDone, IsSensitive) = (0, null, false, false);
    }

    /// <summary>
    /// ReadyForQuery in a transaction that goes on at the upstream, although the client was told an error: it is made to fail there too, so
    /// that a COMMIT of the client does not keep what it takes for lost.
    /// </summary>
    /// <param name="upstream">Where that goes, unless the client has sent something by now.</param>
    public void FailTransaction(PipeWriter upstream)
    {
        (JudgedText text, OperationRefusal refusal) = _blocked!.Value;
        if (replies.Count > 0)
        {
            End(text, "a transaction went on behind a result that was cut off");
            return;
        }

        Poison.WriteQuery(upstream, refusal.Reference);
        replies.Add(new PendingReply(FrontendMessage.Query, ReplyAction.Substitute, refusal));
    }

    /// <summary>Whether what the upstream says beside its rows holds what detectors hide, or is too long for anybody to look here.</summary>
    public bool Finds(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > MostOnLoop || masks.Finds(payload) || Finds(replies.First.Plan?.Map, payload))
        {
            return true;
        }

        foreach (ProtectionMap map in _ran)
        {
            if (Finds(map, payload))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes a row as it may pass.</summary>
    public async ValueTask<FrameAction> WriteRowAsync(Frame frame, PipeWriter output)
    {
        PendingReply first = replies.First;
        MaskPlan plan = first.Plan!;
        if (_rows is null)
        {
            if (!_isDescribed || StatementOf(first) is not { } statement)
            {
                return Block(output, "a row whose columns are not known");
            }

            ProtectionMap map = plan.Map;
            if (masks.MayHaveChanged(plan))
            {
                await output.FlushAsync(CancellationToken.None);
                if (await PlanAgainAsync(plan, statement) is not { } again)
                {
                    return Block(output, CatalogChanged);
                }

                (statement, map) = again;
            }

            if (StatementPlan.NamesUnknown(_description.Written, map.Catalog, masks.OwnNumbers))
            {
                await output.FlushAsync(CancellationToken.None);
                (map, bool isNew) = await masks.RefreshAsync(map, plan.Masks, statement.IsOwn);
                StatementPlan.NamesUnknown(_description.Written, map.Catalog, masks.OwnNumbers, isNew && statement.IsOwn ? masks.OwnNumbers : null);
            }

            _rows = statement.Rows(_description.Written, map, masks.OwnNumbers, out string? refusal);
            if (_rows is null)
            {
                return Block(output, refusal ?? "a row whose columns are not known");
            }
        }

        if (_rows.IsClean)
        {
            return FrameAction.Forward;
        }

        if (!frame.IsWhole)
        {
            return Block(output, "a row is larger than what is read before it is masked");
        }

        ReadOnlySequence<byte> body = frame.Bytes.Slice(UpstreamFramer.HeaderLength);
        _buffer.Clear();
        if (body.Length > MostOnLoop)
        {
            RowMask rows = _rows;
            byte[] large = body.ToArray();
            await Task.Run(() => rows.Write(large, _buffer));
            await masks.Loop.Switch();
        }
        else if (body.IsSingleSegment)
        {
            _rows.Write(body.FirstSpan, _buffer);
        }
        else
        {
            byte[] copy = ArrayPool<byte>.Shared.Rent((int)body.Length);
            body.CopyTo(copy);
            _rows.Write(copy.AsSpan(0, (int)body.Length), _buffer);
            ArrayPool<byte>.Shared.Return(copy);
        }

        output.Write(_buffer.Written);
        return FrameAction.Drop;
    }

    /// <summary>A COPY to the client begins.</summary>
    /// <returns>Whether it may.</returns>
    public async ValueTask<FrameAction> BeginCopyAsync(byte[] body, PipeWriter output)
    {
        PendingReply first = replies.First;
        StatementPlan? statement = StatementOf(first);
        if (statement is not null && masks.MayHaveChanged(first.Plan!))
        {
            await output.FlushAsync(CancellationToken.None);
            if (await PlanAgainAsync(first.Plan!, statement) is not { } again)
            {
                return Block(output, CatalogChanged);
            }

            statement = again.Statement;
        }

        return statement?.Copy is { } plan ? BeginCopy(plan, body, output) : Block(output, "a COPY whose columns are not known");
    }

    private FrameAction BeginCopy(CopyPlan plan, ReadOnlySpan<byte> body, PipeWriter output)
    {
        // Byte1 format | Int16 columns | …
        var reader = new PostgresReader(Peer.Upstream, body);
        bool isBinary = reader.ReadByte() != 0;
        int columns = reader.ReadInt16();
        _isCopying = true;
        if (plan.Rows.IsClean)
        {
            return FrameAction.Forward;
        }

        if (columns != plan.Columns.Length || isBinary != (plan.Format == CopyFormat.Binary))
        {
            return Block(output, "a COPY of other columns than was foreseen");
        }

        _copy = new CopyMasker(plan);
        return FrameAction.Forward;
    }

    /// <summary>Writes the rows of a COPY that are whole by now.</summary>
    public async ValueTask<FrameAction> WriteCopyDataAsync(Frame frame, PipeWriter output)
    {
        _buffer.Clear();
        ReadOnlySequence<byte> body = frame.Bytes.Slice(UpstreamFramer.HeaderLength);
        bool isRead = frame.IsWhole;
        if (isRead && body.Length > MostOnLoop)
        {
            CopyMasker copy = _copy!;
            byte[] large = body.ToArray();
            isRead = await Task.Run(() => copy.Write(large, _buffer));
            await masks.Loop.Switch();
        }
        else if (isRead)
        {
            isRead = _copy!.Write(body.IsSingleSegment ? body.FirstSpan : body.ToArray(), _buffer);
        }

        if (!isRead)
        {
            return Block(output, "data of a COPY that cannot be read");
        }

        output.Write(_buffer.Written);
        return FrameAction.Drop;
    }

    /// <summary>CopyDone: nothing may be left.</summary>
    public FrameAction EndCopy(PipeWriter output) =>
        _copy is { IsAtRowBoundary: false } ? Block(output, "data of a COPY that ends within a row") : FrameAction.Forward;

    /// <summary>
    /// Writes an error or a notice as it may pass. That there is a notice may tell of a value: of what reads hidden columns there is none.
    /// </summary>
    public void WriteSpoken(BackendMessage kind, ReadOnlySpan<byte> body, PipeWriter output)
    {
        bool reads = replies.First.Plan is { IsSensitive: true, Map.ColumnMasks.IsEmpty: false }
            || (IsSensitive && _ran.Exists(m => !m.ColumnMasks.IsEmpty));
        if (kind == BackendMessage.NoticeResponse && reads)
        {
            return;
        }

        _buffer.Clear();
        MaskedErrors.Write(kind, body, replies.First.Plan?.Text, Finds, _buffer);
        output.Write(_buffer.Written);
    }

    private static bool Finds(ProtectionMap? map, ReadOnlySpan<byte> payload) =>
        map is { Searches.IsEmpty: false } && new RowMask([], map.Searches).Finds(payload);

    private StatementPlan? StatementOf(in PendingReply first) => first.Plan is { } plan ? StatementOf(first, plan) : null;

    private StatementPlan? StatementOf(in PendingReply first, MaskPlan plan)
    {
        int index = first.Message == FrontendMessage.Query ? _statement : 0;
        return index < plan.Statements.Length ? plan.Statements[index] : null;
    }

    // It may have run by what was planned, or by what is now: what either hides is hidden.
    private async ValueTask<(StatementPlan Statement, ProtectionMap Map)?> PlanAgainAsync(MaskPlan plan, StatementPlan statement) =>
        await masks.PlanAgainAsync(plan) is { } again && StatementOf(replies.First, again) is { } now && statement.And(now) is { } both ? (both, again.Map) : null;

    // An error is true only of what leaves nothing behind, and if nothing runs that an error would have kept from running.
    private FrameAction Block(PipeWriter output, string why)
    {
        MaskPlan plan = replies.First.Plan!;
        if (!plan.OnlyReads || _hasDone || !replies.TryFail())
        {
            End(plan.Text, why);
            return FrameAction.Drop;
        }

        var refusal = OperationRefusal.Unmaskable(why);
        _blocked = (plan.Text, refusal);
        output.WriteErrorResponse(refusal.Fields);
        masks.OnBlocked(plan.Text, refusal);
        return FrameAction.Drop;
    }

    private void End(JudgedText text, string why)
    {
        var refusal = OperationRefusal.OutcomeUnknown(why);
        IsOver = true;
        masks.End(text, refusal);
    }
}

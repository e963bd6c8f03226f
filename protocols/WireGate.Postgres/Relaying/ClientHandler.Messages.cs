using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;

namespace WireGate.Postgres.Relaying;

/// <content>Reads each kind of message.</content>
internal sealed partial class ClientHandler
{
    private FrameAction OnMessage(FrontendMessage message, ReadOnlySpan<byte> body, in Frame frame)
    {
        if (!frame.IsWhole && message is not (FrontendMessage.Bind or FrontendMessage.FunctionCall))
        {
            return Refuse(OperationRefusal.TooLarge(frame.Bytes.Length), conversation.Judge.Unnamed, default, default);
        }

        if (message is not (FrontendMessage.Describe or FrontendMessage.Execute))
        {
            ForgetBound();
        }

        byte[]? described = _described;
        (_described, _portal) = (null, null);
        return message switch
        {
            FrontendMessage.Query => OnQuery(body, frame),
            FrontendMessage.Parse => OnParse(body, frame),
            FrontendMessage.Bind => OnBind(body, frame),
            FrontendMessage.Execute => OnExecute(body, described),
            FrontendMessage.Describe => OnDescribe(body),
            FrontendMessage.Close => OnClose(body),
            FrontendMessage.FunctionCall => OnFunctionCall(body),
            _ => throw new InvalidOperationException("A message that the framer does not know."),
        };
    }

    // String text
    private FrameAction OnQuery(ReadOnlySpan<byte> body, in Frame frame)
    {
        var reader = new PostgresReader(Peer.Client, body);
        ReadOnlySpan<byte> sql = reader.ReadCString();
        reader.End();
        return conversation.Judge.TryRead(sql, out JudgedText? text)
            ? Start(FrontendMessage.Query, text, sql, default)
            : ParseFirst(frame.Bytes.Slice(HeaderLength, sql.Length));
    }

    // String statement | String text | Int16 count | Int32 type of each parameter
    private FrameAction OnParse(ReadOnlySpan<byte> body, in Frame frame)
    {
        var reader = new PostgresReader(Peer.Client, body);
        ReadOnlySpan<byte> name = reader.ReadCString();
        ReadOnlySpan<byte> sql = reader.ReadCString();
        if (!conversation.Judge.TryRead(sql, out JudgedText? text))
        {
            return ParseFirst(frame.Bytes.Slice(HeaderLength + name.Length + 1, sql.Length));
        }

        // A hold waits for what follows: nothing runs yet but the input functions of the types that its literals have.
        Decision decision = conversation.Judge.Judge(text, isRun: false);
        if (decision.Verdict == Verdict.Deny)
        {
            return Refuse(text, decision, sql, default);
        }

        if (decision.Verdict == Verdict.Hold && body.Length > HeldBytes.Most)
        {
            return Refuse(OperationRefusal.TooLarge(HeldBytes.Most), text, sql, default);
        }

        bool fits = conversation.Held.Fits(body.Length);
        if (decision.Verdict == Verdict.Hold && !fits)
        {
            return Refuse(OperationRefusal.TooMuchHeld(), text, sql, default);
        }

        if (MayBeHeld(decision) && body.Length <= HeldBytes.Most && fits)
        {
            text = text.With(new HeldBytes(sql.ToArray(), reader.ReadRest().ToArray(), []));
        }

        if (!conversation.TryDefineStatement(name, text, out NameSlot? slot))
        {
            return Refuse(OperationRefusal.TooManyNames(), text, sql, default);
        }

        log.Prepared(text, decision, sql);
        _replies.Add(new PendingReply(FrontendMessage.Parse, ReplyAction.Forward, slot));
        return FrameAction.Forward;
    }

    // String portal | String statement | formats, values, result formats: see ParameterBuffer. The names come first, so the beginning is enough.
    private FrameAction OnBind(ReadOnlySpan<byte> body, in Frame frame)
    {
        var reader = new PostgresReader(Peer.Client, body);
        ReadOnlySpan<byte> portal = reader.ReadCString();
        JudgedText text = conversation.StatementOf(reader.ReadCString());
        ReadOnlySpan<byte> fields = reader.ReadRest();
        Decision decision = conversation.Decide(text, out _, isRun: false);
        // It is planned here, and what an immutable function makes of constants the planner finds out by calling it. And what people are
        // asked about waits before a portal is open.
        bool mayRun = text.MayChangeAnything || text.Alternatives.Length > 0;
        if ((mayRun || decision.Verdict == Verdict.Hold) && decision.Verdict != Verdict.Deny && DecideBound(text, ref decision, fields) is { } undecided)
        {
            return undecided;
        }

        if (decision.Verdict == Verdict.Deny)
        {
            return Refuse(text, decision, default, fields);
        }

        if (MayBeHeld(decision) && text.Held is { } held)
        {
            bool isWhole = frame.IsWhole && body.Length + held.Sql.Length <= HeldBytes.Most;
            if (!isWhole && decision.Verdict == Verdict.Hold)
            {
                return Refuse(OperationRefusal.TooLarge(HeldBytes.Most), text, default, fields);
            }

            bool fits = conversation.Held.Fits(held.Length + fields.Length);
            if (!fits && decision.Verdict == Verdict.Hold)
            {
                return Refuse(OperationRefusal.TooMuchHeld(), text, default, fields);
            }

            text = text.With(isWhole && fits ? held with { Bound = fields.ToArray() } : null);
        }
        else if (text.Held is not null)
        {
            // People are never shown a text without the values that it runs with.
            text = text.With(null);
        }

        if (decision.Verdict == Verdict.Hold && !NameTable.CanFollow(portal))
        {
            return Refuse(OperationRefusal.NotHeld(decision, "the name of its portal is not ASCII"), text, default, fields);
        }

        if (decision.Verdict == Verdict.Hold)
        {
            return Hold(FrontendMessage.Bind, text, decision, default, fields);
        }

        FrameAction action = Bind(portal, text, fields);
        if (mayRun && action == FrameAction.Forward)
        {
            _durableFirst = log.Bound(text, decision, fields);
            conversation.OnBound(text);
        }

        return action;
    }

    private FrameAction Bind(ReadOnlySpan<byte> portal, JudgedText text, ReadOnlySpan<byte> fields)
    {
        if (!conversation.TryDefinePortal(portal, text, out NameSlot? slot))
        {
            return Refuse(OperationRefusal.TooManyNames(), text, default, fields);
        }

        slot?.KeepParameters(fields);
        _hasBound = true;
        _replies.Add(new PendingReply(FrontendMessage.Bind, ReplyAction.Forward, slot));
        return FrameAction.Forward;
    }

    /// <summary>People may be asked about it: its bytes are kept to be shown.</summary>
    private bool MayBeHeld(in Decision decision) => decision.Verdict == Verdict.Hold || conversation.Judge.AsksElsewhere;

    // String portal | Int32 rows, 0: all
    private FrameAction OnExecute(ReadOnlySpan<byte> body, byte[]? described)
    {
        var reader = new PostgresReader(Peer.Client, body);
        ReadOnlySpan<byte> portal = reader.ReadCString();
        _described = described is not null && portal.SequenceEqual(described) ? described : null;
        JudgedText text = conversation.PortalOf(portal, out _portal);
        return Start(FrontendMessage.Execute, text, default, _portal is null ? default : _portal.Parameters);
    }

    // Int32 function | formats, values: as in Bind | Int16 format of the result
    private FrameAction OnFunctionCall(ReadOnlySpan<byte> body)
    {
        bool isNamed = BinaryPrimitives.TryReadUInt32BigEndian(body, out uint function);
        byte[] words = Encoding.ASCII.GetBytes(isNamed ? string.Create(CultureInfo.InvariantCulture, $"function {function}") : "no function");
        return Start(FrontendMessage.FunctionCall, OperationJudge.FunctionCall(words), words, isNamed ? body[sizeof(uint)..] : default);
    }

    // Byte1 'S' or 'P' | String name
    private FrameAction OnDescribe(ReadOnlySpan<byte> body)
    {
        if (masks is not { MayMask: true })
        {
            _replies.Add(new PendingReply(FrontendMessage.Describe));
            return FrameAction.Forward;
        }

        var reader = new PostgresReader(Peer.Client, body);
        bool isPortal = reader.ReadByte() == (byte)'P';
        _described = isPortal ? reader.ReadCString().ToArray() : null;
        _replies.Add(new PendingReply(FrontendMessage.Describe, ReplyAction.Forward, isPortal ? ResultMasks.Portal : null));
        return FrameAction.Forward;
    }

    // Byte1 'S' or 'P' | String name
    private FrameAction OnClose(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Client, body);
        bool isPortal = reader.ReadByte() == (byte)'P';
        NameSlot? slot = conversation.Close(isPortal, reader.ReadCString());
        _replies.Add(new PendingReply(FrontendMessage.Close, ReplyAction.Forward, slot));
        return FrameAction.Forward;
    }
}

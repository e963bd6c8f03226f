using System.Text;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Recording;
using WireGate.Ssh.Masking;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Operations;
using WireGate.Ssh.Sftp;

namespace WireGate.Ssh.Relaying;

/// <content>What a client asks of a channel.</content>
internal sealed partial class ClientMessages
{
    // Whatever else is asked meanwhile would come before it.
    private const string StartWaits = "only what is started, and forwards, can wait for one";

    // The variables that pass, several times over.
    private const int MostVariables = 64;

    private enum Treatment
    {
        /// <summary>Nobody knows what it is. The default.</summary>
        Refuse = 0,

        /// <summary>It goes on.</summary>
        Pass,

        /// <summary>It is dropped, and the client told so if it asks.</summary>
        Drop,

        /// <summary>It begins what the channel is for.</summary>
        Start,

        /// <summary>It lets the upstream open channels.</summary>
        Forward,

        /// <summary>Nobody knows what it is, and a rule names it.</summary>
        Named,
    }

    private async ValueTask OnRequestAsync()
    {
        (Channel channel, bool wantsReply, Treatment treatment, SshOperation? operation, TerminalSize? before) = ReadRequest();
        if (channel.IsRefused)
        {
            return;
        }

        Judgement judgement = treatment is Treatment.Start or Treatment.Forward or Treatment.Named
            ? await judge.JudgeAsync(operation!, treatment == Treatment.Start ? holds.WhyFull : StartWaits, channel.Environment)
            : new Judgement(treatment == Treatment.Pass, null);
        if (judgement.Held is { } decision)
        {
            HoldStart(channel, wantsReply, operation!, decision);
        }
        else if (judgement.IsAllowed)
        {
            Note(operation);
            Record(channel, treatment, operation, before);
            if (wantsReply)
            {
                channel.ToClient.Expect();
            }

            upstream.Forward(client.Packet);
            if (treatment == Treatment.Start)
            {
                Start(channel, operation!, judgement.Masks);
            }
        }
        else if (treatment == Treatment.Start)
        {
            Refuse(channel, wantsReply ? channel.ToClient.Hold() : null, judgement.Refusal!);
        }
        else if (wantsReply)
        {
            channel.ToClient.Answer(ConnectionMessages.Failure(channel.ClientNumber));
        }
    }

    private (Channel Channel, bool WantsReply, Treatment Treatment, SshOperation? Operation, TerminalSize? Before) ReadRequest()
    {
        Request request = Request.Read(Peer.Client, client.Packet.Payload);
        Channel channel = Address(table.Open(Peer.Client, request.Recipient));
        var reader = new SshReader(Peer.Client, request.Rest);
        bool isSession = channel.Type == Relaying.Channel.Session;
        TerminalSize? before = channel.Terminal;
        SshOperation? operation = null;
        Treatment treatment;
        switch (request.Type)
        {
            case "exec" when isSession && !channel.IsStarted:
                (treatment, operation) = (Treatment.Start, new SshExec(reader.ReadString(), channel.HasPty));
                reader.End();
                channel.IsStarted = true;
                break;
            case "shell" when isSession && !channel.IsStarted:
                (treatment, operation) = (Treatment.Start, new SshShell(channel.HasPty));
                reader.End();
                channel.IsStarted = true;
                break;
            case "subsystem" when isSession && !channel.IsStarted:
                (treatment, operation) = (Treatment.Start, new SshSubsystem(reader.ReadString(), channel.HasPty));
                reader.End();
                channel.IsStarted = true;
                break;
            case "pty-req" when !judge.PermitsPty:
                treatment = Treatment.Drop;
                break;
            case "pty-req" when isSession && !channel.IsStarted:
                // string TERM, uint32 columns, rows, width and height, string modes
                treatment = ReadVariable(channel, "TERM"u8, reader.ReadString());
                channel.Terminal = treatment == Treatment.Pass ? new TerminalSize(reader.ReadUInt32(), reader.ReadUInt32()) : channel.Terminal;
                break;
            case "env" when isSession && !channel.IsStarted:
                treatment = ReadVariable(channel, reader.ReadString(), reader.ReadString());
                break;
            case "x11-req" when isSession && !channel.IsStarted:
                (treatment, operation) = (Treatment.Forward, SshForward.X11);
                break;
            case "auth-agent-req@openssh.com" or "agent-req" when isSession && !channel.IsStarted:
                (treatment, operation) = (Treatment.Forward, SshForward.Agent);
                break;
            case "signal" or "break" when channel.Held is { } held:
                held.Withdraw("the client cancelled it");
                treatment = Treatment.Drop;
                break;
            case "window-change" when channel.HasPty:
                // uint32 columns, rows, width and height
                (treatment, channel.Terminal) = (Treatment.Pass, new TerminalSize(reader.ReadUInt32(), reader.ReadUInt32()));
                break;
            case "window-change" or "signal" or "break" or "xon-xoff" when isSession:
            case "eow@openssh.com" or "keepalive@openssh.com":
                treatment = Treatment.Pass;
                break;

            // It would come before what waits, and mean something else then.
            default:
                operation = channel.Held is null ? judge.NamedRequest(request.Type, isGlobal: false) : null;
                treatment = operation is null ? Treatment.Refuse : Treatment.Named;
                break;
        }

        return (channel, request.WantsReply, treatment, operation, before);
    }

    private Treatment ReadVariable(Channel channel, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!judge.PermitsVariable(name, value) || channel.Environment.Count >= MostVariables)
        {
            return Treatment.Drop;
        }

        channel.Environment.Add($"{Encoding.ASCII.GetString(name)}={Encoding.ASCII.GetString(value)}");
        return Treatment.Pass;
    }

    // Before it begins: what has to be kept and cannot be does not run.
    private void Record(Channel channel, Treatment treatment, SshOperation? operation, TerminalSize? before)
    {
        if (treatment == Treatment.Start)
        {
            channel.Recording = judge.Record(operation!, channel.Terminal);
        }
        else if (channel is { Recording: { } recording, Terminal: { } terminal } && terminal != before)
        {
            recording.Resized(terminal);
        }
    }

    private void Note(SshOperation? operation)
    {
        forwards.HasAgent |= ReferenceEquals(operation, SshForward.Agent);
        forwards.HasX11 |= ReferenceEquals(operation, SshForward.X11);
    }

    // A command that runs an sftp-server is a command: a rule that allows it allows all of SFTP.
    private void Start(Channel channel, SshOperation operation, MaskSet masks)
    {
        channel.IsRunning = true;
        channel.Output = MaskedOutput.Of(masks, operation, channel, client, upstream, loop, time, holds.Fail);
        if (channel.Credit > 0)
        {
            channel.FromClient.Grant(channel.Credit);
            client.Send(ConnectionMessages.WindowAdjust(channel.ClientNumber, channel.Credit));
        }

        if (operation is SshSubsystem { Name: SshSubsystem.Sftp })
        {
            channel.Sftp = new SftpRelay(channel, client, upstream, judge);
        }
        else if (channel.Window!.Release() is > 0 and uint kept)
        {
            channel.FromUpstream.Grant(kept);
            upstream.Send(ConnectionMessages.WindowAdjust(channel.UpstreamNumber, kept));
        }
    }

    private async ValueTask OnSftpAsync(Channel channel, SftpRelay sftp)
    {
        try
        {
            await sftp.OnRequestsAsync();
        }
        catch (ProtocolException e) when (e.Peer == Peer.Client)
        {
            // It has no id to answer to.
            Refuse(channel, null, judge.Refuse(new SftpOperation(SftpActions.Other), e.Message).Refusal!);
            sftp.End();
        }
    }

    /// <summary>
    /// As a command that may not be run ends: that it was started, a line on stderr, exit status 126, and the end. A plain failure would be
    /// told as a fault of the connection, with status 255.
    /// </summary>
    /// <param name="channel">It.</param>
    /// <param name="owed">The place of the answer to the client's request; null: it wants none.</param>
    /// <param name="refusal">What it is told.</param>
    private void Refuse(Channel channel, Owed? owed, string refusal)
    {
        uint number = channel.ClientNumber;
        string line = $"wiregate: {refusal}{(channel.HasPty ? "\r\n" : "\n")}";
        if (owed is not null)
        {
            channel.ToClient.Answer(owed, ConnectionMessages.Success(number));
        }

        if (channel.Window!.TryTake(Encoding.UTF8.GetByteCount(line)))
        {
            channel.ToClient.Answer(ConnectionMessages.OnStderr(number, line));
        }

        // The client is told that it is closed once the upstream has closed it: then its number is free on both sides.
        channel.ToClient.Answer(ConnectionMessages.ExitStatus(number, CannotExecute), ConnectionMessages.Eof(number));
        channel.IsRefused = true;
        upstream.Send(ConnectionMessages.Close(channel.UpstreamNumber));
    }
}

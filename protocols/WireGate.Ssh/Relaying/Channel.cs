using WireGate.Core.Framing;
using WireGate.Core.Recording;
using WireGate.Ssh.Masking;
using WireGate.Ssh.Sftp;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Relaying;

/// <summary>One channel. Each side has a number of its own for it, by which the other side addresses it; both pass unchanged.</summary>
internal sealed class Channel(string type, SshTransport client, SshTransport upstream)
{
    /// <summary>RFC 4254 section 6.1.</summary>
    public const string Session = "session";

    public string Type { get; } = type;

    /// <summary>The client's number.</summary>
    public uint ClientNumber { get; set; }

    /// <summary>The upstream's number.</summary>
    public uint UpstreamNumber { get; set; }

    /// <summary>
    /// What the client takes for the upstream's number. It is another one where the upstream gives a number again that it has closed, and of
    /// which the client has not heard that it is: of what it sends under the number of both nobody could tell for which it is.
    /// </summary>
    public uint ShownNumber { get; set; }

    /// <summary>Both sides have their number.</summary>
    public bool IsOpen { get; set; }

    /// <summary>What the client is owed.</summary>
    public ReplyQueue ToClient { get; } = new(client);

    /// <summary>What the upstream is owed.</summary>
    public ReplyQueue ToUpstream { get; } = new(upstream);

    /// <summary>It has a terminal.</summary>
    public bool HasPty => Terminal is not null;

    /// <summary>Its terminal; null: it has none.</summary>
    public TerminalSize? Terminal { get; set; }

    /// <summary>Keeps what the client sees of it; null: nobody does.</summary>
    public IRecording? Recording { get; set; }

    /// <summary>A command, a shell or a subsystem was asked for: there is one at most (RFC 4254 section 6.5).</summary>
    public bool IsStarted { get; set; }

    /// <summary>What was asked for waits for people; null: nothing does.</summary>
    public HeldRequest? Held { get; set; }

    /// <summary>The client has said that it sends no more, while what would read it waits for people.</summary>
    public bool HasHeldEof { get; set; }

    /// <summary>What was asked for went to the upstream: data may come for it.</summary>
    public bool IsRunning { get; set; }

    /// <summary>
    /// Bytes that the upstream lets come, and of which the client is told once what was asked for runs: an upstream might keep what comes
    /// before for what is started later, and then nobody has judged it.
    /// </summary>
    public uint Credit { get; set; }

    /// <summary>What the client has set for what is asked for: <c>NAME=value</c> each.</summary>
    public List<string> Environment { get; } = [];

    /// <summary>Is told whether the upstream has opened it; null: nobody wants to know.</summary>
    public Action<bool?>? Answered { get; set; }

    /// <summary>What the client lets come, where something may be said here; null: that is between the client and the upstream.</summary>
    public ChannelWindow? Window { get; set; }

    /// <summary>What the client may send.</summary>
    public DataWindow FromClient { get; } = new(Peer.Client);

    /// <summary>What the upstream may send.</summary>
    public DataWindow FromUpstream { get; } = new(Peer.Upstream);

    /// <summary>What comes of it is masked; null: it goes on as it comes.</summary>
    public MaskedOutput? Output { get; set; }

    /// <summary>Its requests are judged one by one; null: it is no SFTP.</summary>
    public SftpRelay? Sftp { get; set; }

    /// <summary>It was refused here: both sides were told that it is closed, and what they still send is for nobody.</summary>
    public bool IsRefused { get; set; }

    /// <summary>Nothing more of it reaches the client.</summary>
    /// <param name="isShown">Whether what is kept back is shown before.</param>
    public void EndOutput(bool isShown = true)
    {
        if (isShown)
        {
            Output?.Flush();
        }

        Output?.Dispose();
        Recording?.Dispose();
        Recording = null;
    }

    /// <summary>The client has closed it.</summary>
    public bool IsClosedByClient { get; set; }

    /// <summary>The upstream has closed it.</summary>
    public bool IsClosedByUpstream { get; set; }
}

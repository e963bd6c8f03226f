using WireGate.Core.Framing;

namespace WireGate.Http.Kubernetes.Channels;

/// <summary>What goes over a channel of exec, attach or port-forward.</summary>
internal enum ChannelKind : byte
{
    /// <summary>Nothing that anybody asks for.</summary>
    Other = 0,

    /// <summary>What is typed.</summary>
    Stdin,

    /// <summary>What the program writes.</summary>
    Stdout,

    /// <summary>What it writes as errors.</summary>
    Stderr,

    /// <summary>Sizes of the client's terminal, a JSON object each.</summary>
    Resize,

    /// <summary>Bytes of a port.</summary>
    Port,
}

/// <summary>A channel within what follows an upgrade.</summary>
/// <param name="Kind">What goes over it.</param>
/// <param name="Port">Of <see cref="ChannelKind.Port"/>.</param>
internal readonly record struct Channel(ChannelKind Kind, int Port = 0);

/// <summary>Is told what goes over channels, in the order in which it comes.</summary>
internal interface IChannelSink
{
    /// <summary>A piece of what goes over one, in no relation to how it is framed.</summary>
    /// <param name="from">Who says it.</param>
    /// <param name="channel">Where.</param>
    /// <param name="data">Borrowed for the call.</param>
    void Take(Peer from, Channel channel, ReadOnlySpan<byte> data);
}

/// <summary>Reads what follows an upgrade, in the pieces in which it comes, and changes nothing of it.</summary>
internal interface IChannelReader : IDisposable
{
    /// <summary>Reads the next piece.</summary>
    /// <param name="from">Who sent it.</param>
    /// <param name="bytes">As they came.</param>
    /// <exception cref="ProtocolException">It can never be valid: nobody knows what the other side takes it for.</exception>
    void Read(Peer from, ReadOnlySpan<byte> bytes);
}

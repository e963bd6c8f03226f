using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace WireGate.Hosting;

/// <summary>Tells systemd how the daemon is (sd_notify): one datagram a message, to the socket that it names. Does nothing without one.</summary>
internal sealed class SystemdNotify : IDisposable
{
    // More than sessions have to say goodbye, and the audit log to be closed.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;

    /// <param name="path">The value of <c>NOTIFY_SOCKET</c>; a leading @ names an abstract socket. Null: nobody to tell.</param>
    public SystemdNotify(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return;
        }

        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        _manager = new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path);
    }

    /// <summary>Everything is recovered, loaded and listening.</summary>
    public void Ready() => Send("READY=1");

    /// <summary>A reload begins; <see cref="Ready"/> ends it.</summary>
    public void Reloading() => Send($"RELOADING=1\nMONOTONIC_USEC={Environment.TickCount64 * 1000}");

    /// <summary>The daemon is on its way out.</summary>
    public void Stopping() => Send("STOPPING=1");

    /// <summary>The daemon lets its sessions finish. Said again and again: each time it may take <see cref="Patience"/> longer than the unit says.</summary>
    /// <param name="sessions">How many remain.</param>
    /// <param name="left">How long they have at most.</param>
    public void Draining(int sessions, TimeSpan left) => Send(string.Create(
        CultureInfo.InvariantCulture,
        $"STATUS=draining: {sessions} sessions remain, for {Math.Ceiling(left.TotalSeconds)} s at most\nEXTEND_TIMEOUT_USEC={Patience.TotalMicroseconds}"));

    /// <summary>All loops turn.</summary>
    public void Alive() => Send("WATCHDOG=1");

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public void Status(string status) => Send($"STATUS={status}");

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private void Send(string message)
    {
        try
        {
            _socket?.SendTo(Encoding.UTF8.GetBytes(message), _manager!);
        }
        catch (SocketException)
        {
            // A manager that does not listen is its own watchdog's business; the sessions are ours.
        }
    }
}

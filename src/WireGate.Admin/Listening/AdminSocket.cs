using System.Net.Sockets;
using System.Runtime.Versioning;
using WireGate.Core.Configuration;
using WireGate.Identities.Unix;

namespace WireGate.Admin.Listening;

/// <summary>
/// The admin socket, bound but not yet listening. Until <c>listen(2)</c> the kernel refuses every connect, so its group and mode
/// are in force before anybody can be accepted. A lock file beside it tells a living daemon from one that was killed.
/// </summary>
internal sealed class AdminSocket : IDisposable
{
    // errno(3) of flock(2) when somebody else holds the lock; an IOException carries it as its HResult.
    private const int EWOULDBLOCK = 11;

    private readonly FileStream _lock;

    private AdminSocket(FileStream lockFile, Socket socket)
    {
        _lock = lockFile;
        Socket = socket;
    }

    /// <summary>The bound socket. Closing it removes its file.</summary>
    public Socket Socket { get; }

    /// <summary>Binds the configured path.</summary>
    /// <exception cref="AdminSocketException">The path is taken or cannot be used.</exception>
    public static AdminSocket Bind(AdminConfig config)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("the admin socket needs Unix file modes and peer credentials");
        }

        string path = config.SocketPath;
        uint? group = null;
        if (config.SocketGroup is not null)
        {
            group = UnixAccounts.FindGroupId(config.SocketGroup)
                ?? throw new AdminSocketException($"{path}: there is no group {config.SocketGroup}: groupadd --system {config.SocketGroup}");
        }

        FileStream? lockFile = null;
        Socket? socket = null;
        try
        {
            lockFile = Lock(path);
            RemoveStale(path);
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (group is uint id)
            {
                FileSystem.ChangeGroup(path, id);
            }

            File.SetUnixFileMode(path, config.SocketMode);
            AdminSocket bound = new(lockFile, socket);
            (lockFile, socket) = (null, null);
            return bound;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException or ArgumentException)
        {
            throw new AdminSocketException($"the admin socket {path} cannot be opened: {e.Message}", e);
        }
        finally
        {
            socket?.Dispose();
            lockFile?.Dispose();
        }
    }

    /// <summary>Closes the socket, removes its file and lets the next daemon in.</summary>
    public void Dispose()
    {
        Socket.Dispose();
        _lock.Dispose();
    }

    [UnsupportedOSPlatform("windows")]
    private static FileStream Lock(string path)
    {
        // FileShare.None is flock(LOCK_EX | LOCK_NB): it goes with the process, however that ends. The file stays: removing it
        // would let two daemons hold locks on two files of the same name.
        string name = path + ".lock";
        FileStreamOptions options = new()
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        try
        {
            return new FileStream(name, options);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new AdminSocketException($"the directory of the admin socket {path} does not exist: create it, owned by the daemon's user", e);
        }
        catch (IOException e) when (e.HResult == EWOULDBLOCK)
        {
            throw new AdminSocketException($"the admin socket {path} is served by another daemon: stop that one, or give this one a path of its own", e);
        }
    }

    private static void RemoveStale(string path)
    {
        if (!FileSystem.Exists(path, out bool isSocket))
        {
            return;
        }

        if (!isSocket)
        {
            throw new AdminSocketException($"{path} exists and is no socket: the admin socket replaces nothing but a socket");
        }

        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            // Somebody listens and is only busy.
        }

        throw new AdminSocketException($"the admin socket {path} is served by another program: stop that one, or give this one a path of its own");
    }
}

/// <summary>The admin socket cannot be opened. The message says which, why, and what to do.</summary>
public sealed class AdminSocketException(string message, Exception? innerException = null) : Exception(message, innerException);

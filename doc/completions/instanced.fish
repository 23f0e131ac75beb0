function __s6_native_instanced --description 'the instanced service that the command line names; false if it names none'
    for word in (commandline -opc)[2..]
        set --local service (string replace --regex '^~/' $HOME/ -- $word)
        test -d $service/instance; and echo $service; and return
    end
    return 1
end

# bash completion for mlctl, printed by `make docs`
_mlctl() {
    local words="" current=${COMP_WORDS[COMP_CWORD]}
    if [[ $COMP_CWORD -eq 1 ]]; then
        words="describe schema convert train tune eval split preprocess predict serve health monitor rollback load unload token inspect verify export docker help"
    else
        case ${COMP_WORDS[1]} in
        describe) words=" --target= --html= --sort= --max-columns= --threads= --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --drop-columns= --type= --schema= --json --quiet --verbose --help" ;;
        schema) words=" --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --drop-columns= --type= --schema= --json --quiet --verbose --help" ;;
        convert) words=" --output= --rows= --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --drop-columns= --type= --schema= --json --quiet --verbose --help" ;;
        train) words=" --model= --test= --prep= --no-prep --target= --task= --split= --group= --dedupe --seed= --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --drop-columns= --type= --schema= --missing-flags= --dates= --impute= --outliers= --power= --encode= --min-count= --scale= --text= --select= --pca= --max-missing= --max-categories= --keep-all --kind= --loss= --l1= --l2= --optimiser= --precision= --rate= --weight= --class-weight= --schedule= --warmup= --clip= --momentum= --decay= --tolerance= --epochs= --batch= --patience= --min-delta= --validation= --threads= --memory= --layers= --hidden= --activation= --dropout= --members= --batch-norm --log= --folds= --warm-start= --checkpoint= --every= --resume --reproduce= --shuffle= --stream --cache= --time-budget= --json --quiet --verbose --help" ;;
        tune) words=" --set= --search= --folds= --trials= --metric= --time-budget= --log= --model= --test= --prep= --no-prep --target= --task= --split= --group= --dedupe --seed= --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --drop-columns= --type= --schema= --missing-flags= --dates= --impute= --outliers= --power= --encode= --min-count= --scale= --text= --select= --pca= --max-missing= --max-categories= --keep-all --kind= --loss= --l1= --l2= --optimiser= --precision= --rate= --weight= --class-weight= --schedule= --warmup= --clip= --momentum= --decay= --tolerance= --epochs= --batch= --patience= --min-delta= --validation= --threads= --memory= --layers= --hidden= --activation= --dropout= --members= --batch-norm --json --quiet --verbose --help" ;;
        eval) words=" --model= --require= --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --json --quiet --verbose --help" ;;
        split) words=" --output= --split= --stratify= --no-stratify --target= --group= --dedupe --seed= --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --drop-columns= --type= --schema= --json --quiet --verbose --help" ;;
        preprocess) words=" --output= --apply= --explain --target= --task= --split= --group= --dedupe --seed= --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --drop-columns= --type= --schema= --missing-flags= --dates= --impute= --outliers= --power= --encode= --min-count= --scale= --text= --select= --pca= --max-missing= --max-categories= --keep-all --threads= --memory= --json --quiet --verbose --help" ;;
        predict) words=" --model= --output= --keep= --threads= --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --json --quiet --verbose --help" ;;
        serve) words=" --model= --name= --model-version= --versions= --address= --port= --metrics-port= --canary= --canary-header= --shadow= --label= --drift-window= --alert-webhook= --alert-psi= --alert-error-rate= --alert-token= --no-drift --threads= --workers= --max-inflight= --batch-window= --tokens= --open= --tls-cert= --tls-key= --tls-client-ca= --tls-client-crl= --rate-limit= --rate-burst= --trust-proxy= --cors= --access-log= --audit-log= --prediction-log= --prediction-log-sample= --prediction-log-size= --prediction-log-files= --request-ids --max-body= --max-rows= --max-depth= --max-connections= --max-per-address= --header-timeout= --body-timeout= --idle-timeout= --nan= --request-timeout= --no-sandbox --grace= --json --quiet --verbose --help" ;;
        health) words=" --timeout= --cert= --key= --json --quiet --verbose --help" ;;
        monitor) words=" --model= --max-psi= --any-model --csv --delimiter= --quote= --no-header --header --encoding= --comment= --skip-rows= --decimal= --thousands= --na= --bad-rows= --max-field= --json --quiet --verbose --help" ;;
        rollback) words=" --token-file= --ca= --cert= --key= --timeout= --json --quiet --verbose --help" ;;
        load) words=" --token-file= --ca= --cert= --key= --timeout= --json --quiet --verbose --help" ;;
        unload) words=" --token-file= --ca= --cert= --key= --timeout= --json --quiet --verbose --help" ;;
        token) words=" --name= --scopes= --rate= --burst= --json --quiet --verbose --help" ;;
        inspect) words=" --model= --json --quiet --verbose --help" ;;
        verify) words=" --model= --sha256= --data= --json --quiet --verbose --help" ;;
        export) words=" --model= --format= --output= --name= --json --quiet --verbose --help" ;;
        docker) words=" --model= --output= --name= --port= --program= --json --quiet --verbose --help" ;;
        help) words=" --format= --json --quiet --verbose --help" ;;
        esac
    fi
    if [[ $current == -* || $COMP_CWORD -eq 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}
complete -o nospace -F _mlctl mlctl
